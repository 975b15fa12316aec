import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '@hey-api/openapi-ts';
import openapiTS, { astToString } from 'openapi-typescript';

const require = createRequire(import.meta.url);
/** Below node_modules, so that neither git nor our own lint sees it. */
const folder = join(import.meta.dirname, '../../node_modules/.clients');

/** Names of the API as a caller of each client writes them: a wrong one does not compile. */
const callers = {
  'openapi-typescript/caller.ts': `
import type { components, operations } from './schema.ts';

type Customer = components['schemas']['Customer'];
type Create = operations['customers.create'];
export const body: Create['requestBody']['content']['application/json'] = { full_name: 'Ana', tags: ['VIP'] };
export const nameOf = ({ customers }: components['schemas']['CustomerPage']): Customer['full_name'] =>
  customers[0]?.full_name ?? null;
export const problem = ({ error_code }: components['schemas']['Problem']): string => error_code;
// @ts-expect-error -- status is changed by its own operation
export const patch: components['schemas']['CustomerPatch'] = { status: 'active' };
`,
  'hey-api/caller.ts': `
import { customersCreate, customersList, type Customer } from './index.js';

export async function firstCustomer(): Promise<Customer | undefined> {
  await customersCreate({ body: { full_name: 'Ana' }, headers: { 'Idempotency-Key': 'key-1' } });
  const { data } = await customersList({ query: { search: 'ana' } });
  return data?.customers[0];
}
// @ts-expect-error -- a customer has no size
export const wrong = () => customersCreate({ body: { size: 1 } });
`,
};

const compilerOptions = (more: object) => ({
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: 'ES2023',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: [],
    ...more,
  },
  include: ['**/*.ts'],
});

/** Generates types with openapi-typescript and a client with Hey API from a document, and writes callers of both. */
export async function generateClients(document: object): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  for (const name of ['openapi-typescript', 'hey-api']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const types = astToString(
    await openapiTS(pathToFileURL(join(folder, 'openapi.json')), { defaultNonNullable: false }),
  );
  writeFileSync(join(folder, 'openapi-typescript/schema.ts'), types);
  await createClient({
    input: join(folder, 'openapi.json'),
    output: { path: join(folder, 'hey-api'), clean: false },
    plugins: ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'],
    logs: { level: 'silent' },
  });
  for (const [name, text] of Object.entries(callers)) writeFileSync(join(folder, name), text);
  const nodenext = { module: 'NodeNext', allowImportingTsExtensions: true };
  writeFileSync(join(folder, 'openapi-typescript/tsconfig.json'), JSON.stringify(compilerOptions(nodenext)));
  const bundler = { module: 'ESNext', moduleResolution: 'Bundler' };
  writeFileSync(join(folder, 'hey-api/tsconfig.json'), JSON.stringify(compilerOptions(bundler)));
}

/** Compiles a generated client strictly. @returns the errors of the compiler, one a line */
export function compileClient(name: 'openapi-typescript' | 'hey-api', options: readonly string[] = []): string[] {
  const tsc = require.resolve('typescript5/bin/tsc');
  const { stdout, error } = spawnSync(
    process.execPath,
    [tsc, '-p', join(folder, name), '--pretty', 'false', ...options],
    {
      encoding: 'utf8',
    },
  );
  if (error) throw error;
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}
