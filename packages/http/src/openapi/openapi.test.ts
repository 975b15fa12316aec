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
async function operationOf(door: Route): Promise<Operation> {
  const document = (await createOpenapiDocument('test', '1', [door])) as {
    paths: Record<string, Record<string, Operation>>;
  };
  return document.paths[door.path]?.[door.method] as Operation;
}
async function said(door: Route) {
  const { parameters = [], responses: answers } = await operationOf(door);
  return {
    asked: parameters
      .filter((parameter) => parameter.in === 'header')
      .map(({ name, required }) => [name, required ?? false]),
    answered: Object.keys(answers['200']?.headers ?? {}),
    statuses: Object.keys(answers),
  };
}

test('a POST of a signed-in caller takes an Idempotency-Key; one that is open, or says so, does not', async () => {
  const post = { method: 'post', path, summary: 'x', responses, handle } as const;
  expect(await said(route({ ...post, allow }))).toEqual({
    asked: [['Idempotency-Key', false]],
    answered: ['ETag', 'Idempotency-Replayed'],
    statuses: ['200', 'default'],
  });
  const without = { asked: [], answered: ['ETag'], statuses: ['200', 'default'] };
  expect(await said(route({ ...post, allow: 'open' }))).toEqual(without);
  expect(await said(route({ ...post, allow, idempotency: 'off' }))).toEqual(without);
});

test('a change takes If-Match and may be a 412; a limited one a 429', async () => {
  for (const method of ['put', 'patch', 'delete'] as const) {
    expect(await said(route({ method, path: one, summary: 'x', params, responses, handle, allow }))).toEqual({
      asked: [['If-Match', false]],
      answered: method === 'delete' ? [] : ['ETag'],
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
  expect(await said(limited)).toEqual({
    asked: [['If-Match', false]],
    answered: ['ETag', 'RateLimit', 'RateLimit-Policy'],
    statuses: ['200', '412', '429', 'default'],
  });
  const { responses: answers } = await operationOf(limited);
  expect(Object.keys(answers['429']?.headers ?? {})).toEqual(['Retry-After', 'RateLimit', 'RateLimit-Policy']);
});

test('a single read has an ETag, and a 304 where that may be asked for; a list has neither', async () => {
  const get = { method: 'get', path: one, summary: 'x', params, responses, handle, allow } as const;
  expect(await said(route({ ...get, conditionalGet: true }))).toEqual({
    asked: [['If-None-Match', false]],
    answered: ['ETag'],
    statuses: ['200', '304', 'default'],
  });
  expect(await said(route({ ...get, conditionalGet: false }))).toEqual({
    asked: [],
    answered: ['ETag'],
    statuses: ['200', 'default'],
  });
  expect(await said(route({ ...get }))).toEqual({ asked: [], answered: [], statuses: ['200', 'default'] });
});
