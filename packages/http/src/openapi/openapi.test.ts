import { expect, test } from 'vitest';
import { z } from 'zod';
import { createOpenapiDocument, route, type Route } from '../index.ts';

const responses = { 200: z.strictObject({ name: z.string() }) };
const allow = 'customers:read' as const;
const handle = () => ({ name: 'x' });
const path = '/things';
const one = '/things/{id}';
const params = z.strictObject({ id: z.string() });
const limits = ['X-Request-Id', 'RateLimit', 'RateLimit-Policy', 'X-RateLimit-Limit-Minute', 'X-RateLimit-Limit-Hour'];
const always = ['400', '422', '429', '500', '502', '503', '504', 'default'];
const signedIn = [...always, '401', '403'];

type Operation = {
  parameters?: { in: string; name: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object; example?: object }> };
  responses: Record<string, { $ref?: string; headers?: Record<string, unknown>; content?: unknown }>;
} & Record<`x-${string}`, unknown>;
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; responses: Record<string, { headers: object }> };
};
const documentOf = async (definition: Route) => (await createOpenapiDocument('test', '1', [definition])) as Document;
const operationOf = async (definition: Route) =>
  (await documentOf(definition)).paths[definition.path]?.[definition.method] as Operation;

async function summarize(definition: Route) {
  const { parameters = [], responses: declared } = await operationOf(definition);
  return {
    requestHeaders: parameters
      .filter((parameter) => parameter.in === 'header')
      .map(({ name, required }) => [name, required ?? false]),
    responseHeaders: Object.keys(declared['200']?.headers ?? {}),
    statuses: Object.keys(declared).toSorted(),
  };
}

test('a POST that requires authentication documents Idempotency-Key; one that is open or has it off does not', async () => {
  const post = { method: 'post', path, operation: 'things.test', summary: 'x', responses, handle } as const;
  expect(await summarize(route({ ...post, allow }))).toEqual({
    requestHeaders: [['Idempotency-Key', false]],
    responseHeaders: [...limits, 'ETag', 'Idempotency-Replayed'],
    statuses: ['200', ...signedIn, '404', '409'].toSorted(),
  });
  expect(await operationOf(route({ ...post, allow }))).toMatchObject({ 'x-idempotent': true });
  const without = { requestHeaders: [], responseHeaders: [...limits, 'ETag'] };
  expect(await summarize(route({ ...post, allow: 'open' }))).toEqual({
    ...without,
    statuses: ['200', ...always].toSorted(),
  });
  const off = route({ ...post, allow, idempotency: 'off' });
  expect(await summarize(off)).toEqual({ ...without, statuses: ['200', ...signedIn].toSorted() });
  expect(await operationOf(off)).not.toHaveProperty('x-idempotent');
});

test('a change documents If-Match and 412', async () => {
  for (const method of ['put', 'patch', 'delete'] as const) {
    expect(
      await summarize(
        route({ method, path: one, operation: 'things.test', summary: 'x', params, responses, handle, allow }),
      ),
    ).toEqual({
      requestHeaders: [['If-Match', false]],
      responseHeaders: method === 'delete' ? limits : [...limits, 'ETag'],
      statuses: ['200', ...signedIn, '412'].toSorted(),
    });
  }
});

test('a single read documents its ETag, and 304 if conditional; a list documents neither', async () => {
  const get = {
    method: 'get',
    path: one,
    operation: 'things.test',
    summary: 'x',
    params,
    responses,
    handle,
    allow,
  } as const;
  expect(await summarize(route({ ...get, conditionalGet: true }))).toEqual({
    requestHeaders: [['If-None-Match', false]],
    responseHeaders: [...limits, 'ETag'],
    statuses: ['200', '304', ...signedIn].toSorted(),
  });
  expect(await summarize(route({ ...get, conditionalGet: false }))).toEqual({
    requestHeaders: [],
    responseHeaders: [...limits, 'ETag'],
    statuses: ['200', ...signedIn].toSorted(),
  });
  expect(await summarize(route({ ...get }))).toEqual({
    requestHeaders: [],
    responseHeaders: limits,
    statuses: ['200', ...signedIn].toSorted(),
  });
});

test('an operation lists the error codes that follow from its declaration, and its own', async () => {
  const get = { method: 'get', path, operation: 'things.test', summary: 'x', responses, handle } as const;
  const everywhere =
    'DEADLINE_EXCEEDED INTERNAL_ERROR MALFORMED_REQUEST OVERLOADED RATE_LIMITED SERVICE_UNAVAILABLE TOO_MANY_AT_ONCE UPSTREAM_TIMEOUT VALIDATION_FAILED';
  const withMore = (more: string) => `${everywhere} ${more}`.split(' ').toSorted();
  const codesOf = async (definition: Route) => (await operationOf(definition))['x-error-codes'];
  expect(await codesOf(route({ ...get, allow: 'open' }))).toEqual(everywhere.split(' '));
  expect(await codesOf(route({ ...get, allow }))).toEqual(
    withMore('API_KEY_ADDRESS_NOT_ALLOWED EMAIL_NOT_VERIFIED FORBIDDEN MFA_SETUP_REQUIRED UNAUTHENTICATED'),
  );
  expect(await codesOf(route({ ...get, allow: 'signed_in' }))).toEqual(
    withMore('EMAIL_NOT_VERIFIED FORBIDDEN MFA_SETUP_REQUIRED UNAUTHENTICATED'),
  );
  const put = {
    method: 'put',
    path,
    operation: 'things.test',
    summary: 'x',
    responses,
    handle,
    allow,
    body: z.strictObject({}),
  } as const;
  const definition = route({ ...put, errors: { 409: ['THING_NAME_TAKEN'] } });
  expect(await codesOf(definition)).toEqual(
    withMore(
      'API_KEY_ADDRESS_NOT_ALLOWED EMAIL_NOT_VERIFIED FORBIDDEN MFA_SETUP_REQUIRED UNAUTHENTICATED PAYLOAD_TOO_LARGE PRECONDITION_FAILED REQUEST_TIMEOUT THING_NAME_TAKEN UNSUPPORTED_MEDIA_TYPE',
    ),
  );
  const { responses: declared } = await operationOf(definition);
  expect(declared['409']).toEqual({ $ref: '#/components/responses/Problem409' });
  const { components } = await documentOf(definition);
  expect(Object.keys(components.responses['Problem429']?.headers ?? {})).toEqual([...limits, 'Retry-After']);
});

test('an operation names its permission, and whether one’s own record is enough', async () => {
  const get = { method: 'get', path, operation: 'things.test', summary: 'x', responses, handle } as const;
  const permissionOf = async (allow: Route['allow']) => (await operationOf(route({ ...get, allow })))['x-permission'];
  expect(await permissionOf('open')).toEqual({ permission: null, own: false });
  expect(await permissionOf('signed_in')).toEqual({ permission: null, own: false });
  expect(await permissionOf(allow)).toEqual({ permission: allow, own: false });
  expect(await permissionOf({ permission: allow, own: () => true })).toEqual({ permission: allow, own: true });
});

test('a list says how it is divided, and which field holds it', async () => {
  const list = z.strictObject({ total: z.int(), things: z.array(z.string()) });
  const get = {
    method: 'get',
    path,
    operation: 'things.list',
    summary: 'x',
    allow,
    handle,
  } as const;
  const paginationOf = async (parameters: string[], response: z.ZodType = list, operation = 'things.list') => {
    const query = z.strictObject(Object.fromEntries(parameters.map((name) => [name, z.string().optional()])));
    return (await operationOf(route({ ...get, operation, query, responses: { 200: response } })))['x-pagination'];
  };
  expect(await paginationOf(['page'])).toEqual({ style: 'page', items: 'things', next: null });
  expect(await paginationOf(['page', 'cursor'], z.union([list, list]))).toEqual({
    style: 'cursor',
    items: 'things',
    next: 'next_cursor',
  });
  expect(await paginationOf(['limit', 'offset'])).toEqual({ style: 'offset', items: 'things', next: null });
  expect(await paginationOf([], z.array(z.string()))).toEqual({ style: 'whole', items: null, next: null });
  expect(await paginationOf(['page'], list, 'things.get')).toBeUndefined();
});

test('a form documents its file beside the fields of its body, whose example it shows as JSON', async () => {
  const post = { method: 'post', path, operation: 'things.test', summary: 'x', responses, handle, allow } as const;
  const contentOf = async (definition: Route) => (await operationOf(definition)).requestBody?.content;
  expect(await contentOf(route({ ...post, kind: 'upload' }))).toEqual({
    'multipart/form-data': { schema: { $ref: '#/components/schemas/FileForm' } },
  });
  const body = z.strictObject({ title: z.string() });
  const form = route({ ...post, kind: 'form', body, example: { title: 'Ana' } });
  expect(await contentOf(form)).toMatchObject({
    'multipart/form-data': {},
    'application/json': { schema: { required: ['title'] }, example: { title: 'Ana' } },
  });
  const { components } = await documentOf(route({ ...post, kind: 'upload' }));
  expect(components.schemas['FileForm']).toMatchObject({ properties: { file: { type: 'string', format: 'binary' } } });
});

test('schemas have no patterns beside formats, no bounds of all integers, no read-only fields of bodies', async () => {
  const put = { method: 'put', path, operation: 'things.test', summary: 'x', responses, handle, allow } as const;
  const body = z.strictObject({
    id: z.uuid(),
    at: z.iso.datetime(),
    size: z.int(),
    code: z.string().regex(/^x$/),
    any: z.json(),
    amount: z.union([z.number(), z.string()]).meta({ type: 'string' }),
    version: z.unknown().optional().meta({ readOnly: true }),
  });
  const content = (await operationOf(route({ ...put, body }))).requestBody?.content;
  expect(content?.['application/json']?.schema).toEqual({
    type: 'object',
    properties: {
      id: { type: 'string', format: 'uuid' },
      at: { type: 'string', format: 'date-time' },
      size: { type: 'integer' },
      code: { type: 'string', pattern: '^x$' },
      any: {},
      amount: { type: 'string' },
    },
    required: ['id', 'at', 'size', 'code', 'any', 'amount'],
    additionalProperties: false,
  });
});

test('an operation has the name of its route; an alias is a deprecated operation that names its route', async () => {
  const definition = route({
    method: 'get',
    path,
    aliases: ['/old/things'],
    operation: 'things.list',
    summary: 'x',
    responses,
    handle,
    allow,
  });
  const { paths } = (await createOpenapiDocument('test', '1', [definition])) as {
    paths: Record<string, { get: Record<string, unknown> }>;
  };
  const { operationId, ...operation } = paths[path]?.get ?? {};
  expect(operationId).toBe('things.list');
  expect(paths['/old/things']?.get).toEqual({
    ...operation,
    operationId: 'things.list.old_things',
    deprecated: true,
    'x-alias-of': 'things.list',
  });
});

test('an operation names API keys in its security when they may use it', async () => {
  const get = { method: 'get', path, operation: 'things.test', summary: 'x', responses, handle } as const;
  const securityOf = async (definition: Route) => (await operationOf(definition))['security' as 'x-security'];
  expect(await securityOf(route({ ...get, allow }))).toEqual([{ bearer: [] }, { api_key: [] }]);
  for (const closed of [
    route({ ...get, allow: 'signed_in' }),
    route({ ...get, allow: 'users:create' }),
    route({ ...get, allow, apiKeys: false }),
  ])
    expect(await securityOf(closed)).toEqual([{ bearer: [] }]);
  expect(await securityOf(route({ ...get, allow: 'open' }))).toEqual([]);
});
