import { Clientela, ClientelaError, type OperationId } from '@clientela/client';
import { expect } from 'vitest';
import { createAccessSetup, type AccessSetup, type SignedInUser } from '../access/access-setup.ts';
import { samples } from '../access/sample-requests.ts';
import { ownValues, superuserOnly } from '../documents/example-values.ts';
import { fleetTest as test } from '../testing/test-fleet.ts';
import { calls, type Sample } from './generated/calls.ts';

type Document = {
  paths: Record<string, Record<string, { operationId: string; deprecated?: boolean; responses: object }>>;
};

/** These need a source of imports, which this fleet does not have. */
const withoutSource = new Set(['imports.vaptekesync.run', 'imports.vaptekesync.run_by_get']);

async function clientOf(url: string, { token = '' }: Pick<SignedInUser, 'token'>): Promise<Clientela> {
  const client = new Clientela({ url });
  await client.session.start({ access_token: token, expires_in: 900 });
  return client;
}

/** Whether it has a response that a script can read, and no redirect only. */
const isAnswered = ({ responses }: { responses: object }) =>
  Object.keys(responses).some((status) => status.startsWith('2'));

/** What a call needs of a sample request: path parameters, query and the fields that no example knows. */
function toSample(route: string, path: string, body: unknown): Sample<OperationId> {
  const [pathname = '', search = ''] = path.split('?');
  const [, template = ''] = route.split(' ');
  const segments = pathname.split('/');
  const parameters = template
    .split('/')
    .flatMap((part, index) => (part.startsWith('{') ? [segments[index] ?? ''] : []));
  const query: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(search)) (query[name] ??= []).push(value);
  const file = body instanceof FormData ? (body.get('file') as File) : new Blob([]);
  return { path: parameters, query, own: ownValues(route, body), file };
}

let setup: AccessSetup;
let document: Document;
test.beforeAll(async ({ defaultFleet }) => {
  setup = await createAccessSetup(defaultFleet);
  document = (await setup.anonymous.get('/openapi.json')).body as Document;
}, 120_000);

test('every function works with the example of its operation', async ({ defaultFleet: { url } }) => {
  const routes = new Map(
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(
        ([method, { operationId }]) => [operationId, `${method.toUpperCase()} ${path}`] as const,
      ),
    ),
  );
  const problems: string[] = [];
  const ids = Object.keys(calls) as OperationId[];
  for (const id of ids) {
    const route = routes.get(id) ?? '';
    const caller = superuserOnly.has(route) || id === 'companies.delete' ? setup.users.superuser : setup.users.admin;
    const { path, body, as } = (await samples[route]?.(setup, caller, false)) ?? { path: route.split(' ')[1] ?? '' };
    const sample = toSample(route, path, body);
    if (id === 'customers.create') Object.assign(sample.own, { email: `${crypto.randomUUID()}@example.com` }); // the batch has made the other
    const call = calls[id] as (client: Clientela, sample: Sample<OperationId>) => Promise<unknown>;
    try {
      const response = await call(await clientOf(url, as ?? caller), sample);
      if (response instanceof ReadableStream) await new Response(response).arrayBuffer();
      else if (typeof response !== 'object' || response === null) problems.push(`${id}: ${String(response)}`);
    } catch (error) {
      const isExpected =
        withoutSource.has(id) && error instanceof ClientelaError && error.code === 'IMPORT_SOURCE_NOT_CONFIGURED';
      if (!isExpected) problems.push(`${id}: ${String(error)} ${JSON.stringify(error)}`);
    }
  }
  expect(problems).toEqual([]);
  expect(ids.length).toBeGreaterThan(120);
});

test('the client has a function for every operation but aliases, /rest/v1 and pages for browsers', () => {
  const expected = Object.entries(document.paths)
    .filter(([path]) => !/^\/(?:rest\/v1\/|docs|redoc|openapi\.json|metrics)/.test(path))
    .flatMap(([, item]) => Object.values(item).filter((operation) => !operation.deprecated && isAnswered(operation)))
    .map(({ operationId }) => operationId);
  expect(Object.keys(calls).toSorted()).toEqual(expected.toSorted());
});

test('an error has a code of its operation', async ({ defaultFleet: { url } }) => {
  const client = await clientOf(url, setup.users.admin);
  const email = `${crypto.randomUUID()}@example.com`;
  const { customer } = await client.customers.create({ email });
  const { error } = await client.safe.customers.create({ email });
  expect(error).toMatchObject({ code: 'CUSTOMER_EMAIL_TAKEN', existing: { id: customer.id, number: customer.number } });
  const stale = await client.safe.customers.update(customer.id, { phone: null }, { ifMatch: '"999"' });
  expect(stale.error).toMatchObject({ name: 'StaleError', code: 'PRECONDITION_FAILED' });
  const invalid = await client.safe.customers.create({ email: 'nobody' });
  expect(invalid.error?.fields).toHaveProperty('email');
});

test('waits for an import by its events, and for a job by polling', async ({ defaultFleet: { url } }) => {
  const client = await clientOf(url, setup.users.admin);
  const rows = Array.from({ length: 2000 }, (_, index) => `${crypto.randomUUID()}@example.com,Ana ${index}`);
  const file = new File([['email,full_name', ...rows].join('\n')], 'customers.csv');
  const sent: number[] = [];
  const started = await client.imports.start(file, { onProgress: (bytes) => void sent.push(bytes) });
  const states: string[] = [];
  const ended = await client.imports.wait(started.import.id, { onProgress: ({ status }) => void states.push(status) });
  expect(ended).toMatchObject({ status: 'done' });
  expect(states.at(-1)).toBe('done');
  expect(sent.at(-1)).toBe(file.size);
  const { job } = await client.imports.undo(started.import.id);
  expect(await client.jobs.wait(job.id)).toMatchObject({ status: 'done' });
});
