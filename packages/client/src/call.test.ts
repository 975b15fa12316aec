import { expect, test } from 'vitest';
import {
  Clientela,
  ConflictError,
  RateLimitError,
  StaleError,
  TimeoutError,
  UnreachableError,
  ValidationError,
  type ClientelaOptions,
} from './index.ts';

type Sent = { url: URL; method: string; headers: Headers; body: unknown };
type Reply = Response | Error | 'never';

/** A client whose requests get the given responses in turn, the last one again and again. */
function clientWith(replies: Reply[], options: ClientelaOptions = {}) {
  const sent: Sent[] = [];
  const client = new Clientela({
    url: 'http://api.test/',
    apiKey: 'clt_test',
    ...options,
    fetch: async (url, { method = '', headers, body, signal }) => {
      sent.push({ url: new URL(url), method, headers: new Headers(headers), body });
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      if (reply === 'never')
        return new Promise((_, reject) => {
          signal?.throwIfAborted();
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        });
      if (reply instanceof Error) throw reply;
      return reply!.clone();
    },
  });
  return { client, sent };
}

const ok = (body: object = {}) => Response.json(body);
const problem = (status: number, fields: object = {}, headers: Record<string, string> = {}) =>
  Response.json(
    { status, detail: 'Not now', error_code: 'SERVICE_UNAVAILABLE', request_id: 'req-12345', errors: [], ...fields },
    { status, headers },
  );
const cut = () => new TypeError('fetch failed');

test('a POST that is repeated has one Idempotency-Key; that of the caller where there is one', async () => {
  const { client, sent } = clientWith([cut(), problem(503), ok()]);
  await client.customers.create({ full_name: 'Ana' });
  const keys = sent.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
  await client.customers.create({ full_name: 'Ana' }, { idempotencyKey: 'order-7' });
  expect(sent.at(-1)?.headers.get('idempotency-key')).toBe('order-7');
  expect(sent.at(-1)?.headers.get('authorization')).toBe('Bearer clt_test');
});

test('PATCH, and POST without a key, are not repeated; a 500 is not either', async () => {
  const { client, sent } = clientWith([cut()]);
  await expect(client.customers.update('1', { phone: null })).rejects.toBeInstanceOf(UnreachableError);
  await expect(client.auth.changePassword({ current_password: 'a', new_password: 'b' })).rejects.toThrow();
  expect(sent).toHaveLength(2);
  const failing = clientWith([problem(500)]);
  await expect(failing.client.customers.get('1')).rejects.toMatchObject({ status: 500 });
  expect(failing.sent).toHaveLength(1);
});

test('a call is repeated three times at most, or as often as it says', async () => {
  const { client, sent } = clientWith([problem(502)], { maxRetries: 3 });
  await expect(client.customers.get('1', { maxRetries: 1 })).rejects.toMatchObject({ status: 502 });
  expect(sent).toHaveLength(2);
  await expect(client.customers.get('1', { maxRetries: 0 })).rejects.toMatchObject({ status: 502 });
  expect(sent).toHaveLength(3);
});

test('waits as long as Retry-After says, and fails at once where its time would not suffice', async () => {
  const { client } = clientWith([problem(429, {}, { 'Retry-After': '1' }), ok()]);
  const before = performance.now();
  await client.customers.get('1');
  expect(performance.now() - before).toBeGreaterThan(990);
  const limited = clientWith([problem(429, { error_code: 'RATE_LIMITED' }, { 'Retry-After': '60' })]);
  const error: unknown = await limited.client.customers.get('1').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ status: 429, code: 'RATE_LIMITED', retryAfter: 60 });
  expect(limited.sent).toHaveLength(1);
});

test('a call ends with its time, and with the signal of its caller', async () => {
  const { client } = clientWith(['never']);
  await expect(client.customers.get('1', { timeout: 20 })).rejects.toBeInstanceOf(TimeoutError);
  const controller = new AbortController();
  const call = client.customers.get('1', { signal: controller.signal });
  const reason = new Error('The page was left');
  controller.abort(reason);
  await expect(call).rejects.toBe(reason);
  await expect(client.customers.get('1', { signal: controller.signal })).rejects.toBe(reason);
});

test('errors have the code, the fields, the existing record and the id of the request', async () => {
  const conflict = clientWith([problem(409, { error_code: 'CUSTOMER_EMAIL_TAKEN', existing: { id: '7', number: 8 } })]);
  const { error } = await conflict.client.safe.customers.create({ full_name: 'Ana' });
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({
    status: 409,
    code: 'CUSTOMER_EMAIL_TAKEN',
    detail: 'Not now',
    message: 'Not now',
    existing: { id: '7', number: 8 },
    requestId: 'req-12345',
    name: 'ConflictError',
  });
  const invalid = clientWith([problem(422, { errors: [{ path: 'email', message: 'is not an e-mail address' }] })]);
  const failure: unknown = await invalid.client.customers.create({}).catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(ValidationError);
  expect(failure).toMatchObject({ fields: { email: 'is not an e-mail address' } });
});

test('a response that is no problem document is an error too', async () => {
  const page = new Response('<h1>Bad gateway</h1>', { status: 404, headers: { 'Content-Type': 'text/html' } });
  const { client } = clientWith([
    page,
    new Response('<h1>Sign in to the Wi-Fi</h1>'),
    Response.json(null, { status: 403 }),
  ]);
  await expect(client.customers.get('1')).rejects.toMatchObject({ status: 404, code: 'UNEXPECTED_RESPONSE' });
  await expect(client.customers.get('1')).rejects.toMatchObject({ status: 200, code: 'UNEXPECTED_RESPONSE' });
  await expect(client.customers.get('1')).rejects.toMatchObject({ status: 403, code: 'UNEXPECTED_RESPONSE' });
});

test('path parameters are one segment each', async () => {
  const { client, sent } = clientWith([ok()]);
  await client.companies.get('a/b?c');
  expect(sent[0]?.url.href).toBe('http://api.test/api/v1/companies/a%2Fb%3Fc');
  for (const id of ['', '.', '..']) expect(() => client.customers.get(id)).toThrow(TypeError);
});

test('a query leaves out what is undefined and repeats what is a list', async () => {
  const { client, sent } = clientWith([ok()]);
  await client.customers.list({ status: 'active', active_only: false, page: 2, tag: undefined as never });
  await client.people.list({ id: ['1', '2'] });
  expect(sent.map(({ url }) => url.search)).toEqual(['?status=active&active_only=false&page=2', '?id=1&id=2']);
});

test('a superuser acts in the company of the call, else of the client, where the operation has one', async () => {
  const { client, sent } = clientWith([ok()], { companyId: 'COMP-001' });
  await client.customers.list();
  await client.customers.list({}, { companyId: 'COMP-002' });
  await client.auth.me.get();
  client.companyId = undefined;
  await client.customers.list();
  expect(sent.map(({ url }) => url.search)).toEqual(['?company_id=COMP-001', '?company_id=COMP-002', '', '']);
});

test('ifMatch takes a record or an ETag', async () => {
  const { client, sent } = clientWith([ok(), ok(), problem(412)]);
  await client.customers.update('1', {}, { ifMatch: { version: 7 } });
  await client.customers.delete('1', { ifMatch: '"8"', query: { hard_delete: true }, requestId: 'request-of-ana' });
  await expect(client.customers.delete('1', { ifMatch: '"1"' })).rejects.toBeInstanceOf(StaleError);
  expect(sent.map(({ headers }) => headers.get('if-match'))).toEqual(['"7"', '"8"', '"1"']);
  expect(sent[1]?.url.search).toBe('?hard_delete=true');
  expect(sent[1]?.headers.get('x-request-id')).toBe('request-of-ana');
});

test('an upload has its fields before the file, and streams what is read once', async () => {
  const { client, sent } = clientWith([ok(), ok(), cut()]);
  const file = new File(['email\nana@example.com'], 'customers.csv', { type: 'text/csv' });
  await client.imports.start(file, { fields: { mapping: { 'E-mail': 'email' } }, query: { dry_run: true } });
  const form = sent[0]?.body as FormData;
  expect([...form.keys()]).toEqual(['mapping', 'file']);
  expect(form.get('mapping')).toBe('{"E-mail":"email"}');

  const progress: number[] = [];
  const options = {
    filename: 'a"b.csv',
    fields: { dry_run: true },
    onProgress: (bytes: number) => void progress.push(bytes),
  };
  await client.imports.start(file.stream(), options);
  const type = sent[1]?.headers.get('content-type') ?? '';
  const parsed = await new Response(sent[1]?.body as ReadableStream, { headers: { 'Content-Type': type } }).formData();
  expect(parsed.get('dry_run')).toBe('true');
  expect((parsed.get('file') as File).name).toBe('a"b.csv');
  expect(await (parsed.get('file') as File).text()).toBe('email\nana@example.com');
  expect(progress).toEqual([21]);

  await expect(client.imports.start(file.stream())).rejects.toBeInstanceOf(UnreachableError);
  expect(sent).toHaveLength(3);
});

test('what is no JSON is a stream', async () => {
  const { client } = clientWith([new Response('id,email\n1,ana@example.com\n')]);
  const stream = await client.customers.exportCsv({ status: 'active' });
  expect(await new Response(stream).text()).toBe('id,email\n1,ana@example.com\n');
});
