import { expect, test } from 'vitest';
import { z } from 'zod';
import { createOpenapiDocument, route, type Route } from '../index.ts';

const responses = { 200: z.strictObject({ name: z.string() }) };
const allow = 'customers:read' as const;
const handle = () => ({ name: 'x' });
const path = '/things';
const one = '/things/{id}';
const params = z.strictObject({ id: z.string() });

type Operation = {
  parameters?: { in: string; name: string; required?: boolean }[];
  responses: Record<string, { headers?: Record<string, unknown> }>;
};
async function operationOf(definition: Route): Promise<Operation> {
  const document = (await createOpenapiDocument('test', '1', [definition])) as {
    paths: Record<string, Record<string, Operation>>;
  };
  return document.paths[definition.path]?.[definition.method] as Operation;
}
async function summarize(definition: Route) {
  const { parameters = [], responses: declared } = await operationOf(definition);
  return {
    requestHeaders: parameters
      .filter((parameter) => parameter.in === 'header')
      .map(({ name, required }) => [name, required ?? false]),
    responseHeaders: Object.keys(declared['200']?.headers ?? {}),
    statuses: Object.keys(declared),
  };
}

test('a POST that requires authentication documents Idempotency-Key; one that is open or has it off does not', async () => {
  const post = { method: 'post', path, summary: 'x', responses, handle } as const;
  expect(await summarize(route({ ...post, allow }))).toEqual({
    requestHeaders: [['Idempotency-Key', false]],
    responseHeaders: ['ETag', 'Idempotency-Replayed'],
    statuses: ['200', 'default'],
  });
  const without = { requestHeaders: [], responseHeaders: ['ETag'], statuses: ['200', 'default'] };
  expect(await summarize(route({ ...post, allow: 'open' }))).toEqual(without);
  expect(await summarize(route({ ...post, allow, idempotency: 'off' }))).toEqual(without);
});

test('a change documents If-Match and 412; a rate-limited one 429', async () => {
  for (const method of ['put', 'patch', 'delete'] as const) {
    expect(await summarize(route({ method, path: one, summary: 'x', params, responses, handle, allow }))).toEqual({
      requestHeaders: [['If-Match', false]],
      responseHeaders: method === 'delete' ? [] : ['ETag'],
      statuses: ['200', '412', 'default'],
    });
  }
  const limited = route({
    method: 'patch',
    path: one,
    summary: 'x',
    params,
    responses,
    handle,
    allow,
    rateLimit: 'changes',
  });
  expect(await summarize(limited)).toEqual({
    requestHeaders: [['If-Match', false]],
    responseHeaders: ['ETag', 'RateLimit', 'RateLimit-Policy'],
    statuses: ['200', '412', '429', 'default'],
  });
  const { responses: declared } = await operationOf(limited);
  expect(Object.keys(declared['429']?.headers ?? {})).toEqual(['Retry-After', 'RateLimit', 'RateLimit-Policy']);
});

test('a single read documents its ETag, and 304 if conditional; a list documents neither', async () => {
  const get = { method: 'get', path: one, summary: 'x', params, responses, handle, allow } as const;
  expect(await summarize(route({ ...get, conditionalGet: true }))).toEqual({
    requestHeaders: [['If-None-Match', false]],
    responseHeaders: ['ETag'],
    statuses: ['200', '304', 'default'],
  });
  expect(await summarize(route({ ...get, conditionalGet: false }))).toEqual({
    requestHeaders: [],
    responseHeaders: ['ETag'],
    statuses: ['200', 'default'],
  });
  expect(await summarize(route({ ...get }))).toEqual({
    requestHeaders: [],
    responseHeaders: [],
    statuses: ['200', 'default'],
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
