import { vi } from 'vitest';

// The suite of malicious files again, with 85 uploads.
vi.stubEnv('TESTED_UPLOAD_ROUNDS', '5');
await import('./malicious-files.test.ts');
