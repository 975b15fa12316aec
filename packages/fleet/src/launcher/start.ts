import { enableCompileCache } from 'node:module';
import { join, resolve } from 'node:path';

// What `npm start` runs. All else is loaded after this line, so that node finds it compiled from the second start on.
enableCompileCache(join(resolve(import.meta.dirname, '../../../..'), '.data', 'compile-cache'));
await import('./run.ts');
