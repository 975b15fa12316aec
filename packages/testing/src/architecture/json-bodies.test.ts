import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { services, type Peer, type Service } from '@clientela/contracts';
import { createService, type Route } from '@clientela/http';
import type { Express } from 'express';
import { pino } from 'pino';
import supertest from 'supertest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { testSecret, testServiceKeys } from '../service.ts';
import { someCases } from '../some-cases.ts';
import { routesOf } from './service-routes.ts';

const company = { id: randomUUID(), company_id: 'COMP-001', status: 'active', country: 'ES', currency: 'EUR' } as const;

/** A service without a database: these requests are rejected before it is needed. */
const createApp = (service: Service, routes: readonly Route[]): Express =>
  createService({
    service,
    version: '0',
    routes,
    db: undefined as never,
    log: pino({ level: 'silent' }),
    serviceKeys: testServiceKeys,
    secret: testSecret,
    companies: async () => company,
  });

const hasJsonBody = ({ method, kind }: Route) => method !== 'get' && kind !== 'upload';

const callerOf = ({ allow, tenancy }: Route): Record<string, string> => {
  const peer: Peer = typeof allow === 'object' && 'internal' in allow ? (allow.internal[0] as Peer) : 'gateway';
  const key = { 'X-Service-Key': `key-of-${peer}`, 'X-Company-Id': company.id };
  if (peer !== 'gateway' || allow === 'open') return key;
  const user = { 'X-User-Id': randomUUID(), 'X-Session-Id': randomUUID() };
  return tenancy === 'global'
    ? { 'X-Service-Key': key['X-Service-Key'], ...user, 'X-User-Role': 'superuser' }
    : { ...key, ...user, 'X-User-Role': 'admin' };
};

const fillPath = ({ path }: Route) =>
  path
    .replaceAll(/\{code\}/g, 'passport')
    .replace(/(\/rest\/v1\/customers\/)\{customer_id\}/, '$110000000')
    .replaceAll(/\{\w+\}/g, () => randomUUID());

type Send = (body: string, headers?: Record<string, string>) => supertest.Test;

/** Runs a check on every route with a JSON body. @returns one line for each route that fails it */
async function eachRoute(service: Service, check: (send: Send) => Promise<unknown>): Promise<string[]> {
  const routes = await routesOf(service);
  // From an app, supertest starts a server for each request.
  const server = createServer(createApp(service, routes)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const problems: string[] = [];
  const checked = routes.filter(hasJsonBody);
  expect(checked.length).toBeGreaterThan(1);
  for (const definition of checked) {
    const headers = { ...callerOf(definition), 'Content-Type': 'application/json' };
    const send: Send = (body, extra = {}) => {
      const request = supertest(server)[definition.method](fillPath(definition));
      return request.set({ ...headers, ...extra }).send(body);
    };
    const problem = await check(send);
    if (problem) problems.push(`${definition.method} ${definition.path}: ${JSON.stringify(problem)}`);
  }
  return problems;
}

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

const deepBody = `{"metadata":{"a":${nested('[', ']', 2500)}}}`;
/** Values that JSON.parse would change. The parser's own test has each spelling. */
const changedValues =
  '{"metadata":{"id":9007199254740993,"__proto__":{"a":1}},"price":1e400,"operations":[{},{"op":"create","op":"delete"}]}';

type FieldError = { path: string; message: string };

// All: json-bodies.large.test.ts.
describe.each(someCases(services, 2))('every JSON body of %s', (service) => {
  test('that nests 2,500 deep is a 422 that names the place, with and without an Idempotency-Key', async () => {
    const problems = await eachRoute(service, async (send) => {
      for (const headers of [{}, { 'Idempotency-Key': 'some-key' }]) {
        const { status, body } = await send(deepBody, headers);
        const [error] = (body.errors ?? []) as FieldError[];
        if (status !== 422 || error?.path !== `metadata.a${'.0'.repeat(38)}` || !error.message.includes('nest'))
          return [status, body];
      }
      return undefined;
    });
    expect(problems).toEqual([]);
  });

  test('may nest 40 deep', async () => {
    const problems = await eachRoute(service, async (send) => {
      const { status, text } = await send(`{"a":${nested('[', ']', 39)}}`);
      return [200, 422, 500].includes(status) && !text.includes('nest') ? undefined : [status, text];
    });
    expect(problems).toEqual([]);
  });

  test('with a number out of range, a repeated key or __proto__ is a 422 that names each', async () => {
    const problems = await eachRoute(service, async (send) => {
      const { status, body } = await send(changedValues);
      const paths = ((body.errors ?? []) as FieldError[]).map(({ path }) => path).join(' ');
      return status === 422 && paths === 'metadata.id metadata.__proto__ price operations.1.op' ? undefined : body;
    });
    expect(problems).toEqual([]);
  });

  test('with a field name of 100 KB has a short response, which cuts the name at 100 characters', async () => {
    const name = 'n'.repeat(100_000);
    const problems = await eachRoute(service, async (send) => {
      for (const body of [`{"${name}":1}`, `{"${name}":1e400}`]) {
        const { text, body: problem } = await send(body);
        const longest = Math.max(0, ...((problem.errors ?? []) as FieldError[]).map(({ path }) => path.length));
        if (text.length > 2000 || longest > 100) return [text.length, longest];
      }
      return undefined;
    });
    expect(problems).toEqual([]);
  });
});
