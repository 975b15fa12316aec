import { vi } from 'vitest';

// The suite of the proxy again, with routes whose requests http-proxy-middleware sends.
vi.stubEnv('TESTED_ROUTE_KIND', 'form');
await import('../proxy.test.ts');
