import { expect, test } from 'vitest';
import { createAccessSetup, type AccessSetup } from '../access/access-setup.ts';
import { samples, send } from '../access/sample-requests.ts';
import { fleetTest } from '../testing/test-fleet.ts';
import { ownValues, superuserOnly } from './example-values.ts';
import { compileClient, generateClients } from './generate-clients.ts';

type Body = Record<string, unknown>;
type Operation = { deprecated?: boolean; requestBody?: { content: Record<string, { example?: Body }> } };
type Document = { paths: Record<string, Record<string, Operation>> };

let setup: AccessSetup;
let document: Document;
fleetTest.beforeAll(async ({ defaultFleet }) => {
  setup = await createAccessSetup(defaultFleet);
  document = (await setup.anonymous.get('/openapi.json')).body as Document;
}, 120_000);

/** Its example names a source of imports that this fleet does not have. */
const withoutSource = 'POST /api/customers/imports';

test('the API accepts the example of every operation with a body', async () => {
  const problems: string[] = [];
  let tried = 0;
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, { deprecated, requestBody }] of Object.entries(item)) {
      const example = requestBody?.content['application/json']?.example;
      if (!example || deprecated) continue; // an alias has the example of its route
      const route = `${method.toUpperCase()} ${path}`;
      const caller = superuserOnly.has(route) ? setup.users.superuser : setup.users.admin;
      const sample = await samples[route]?.(setup, caller, false);
      if (!sample) throw new Error(`${route} has no sample request`);
      const body = { ...example, ...ownValues(route, sample.body) };
      const { status, body: response } = await send(sample.as ?? caller, route, { ...sample, body });
      tried += 1;
      const isAccepted =
        status < 300 || (route === withoutSource && response.error_code === 'IMPORT_SOURCE_NOT_CONFIGURED');
      if (!isAccepted) problems.push(`${route}: ${status} ${JSON.stringify(response)}`);
    }
  }
  expect(problems).toEqual([]);
  expect(tried).toBeGreaterThan(30);
});

test('the clients that openapi-typescript and Hey API generate compile strictly', async () => {
  await generateClients(document);
  expect(compileClient('openapi-typescript')).toEqual([]);
  expect(compileClient('hey-api', ['--exactOptionalPropertyTypes', 'false'])).toEqual([]);
  // The runtime that Hey API copies into a project is not written for exactOptionalPropertyTypes; what it generates compiles with it.
  const generated = compileClient('hey-api').filter((line) => !/\/hey-api\/(?:client|core)\//.test(line));
  expect(generated).toEqual([]);
});
