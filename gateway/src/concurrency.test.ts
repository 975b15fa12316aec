import { randomBytes, randomUUID } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  listenOn,
  openConnection,
  revocationsResponse,
  signingKey,
  signToken,
  startTestGateway,
  until,
} from './testing/gateway.ts';

const paths = {
  auth: { '/auth/providers': { get: { open: true } } },
  customer: {
    '/api/customers': { get: {}, post: {} },
    '/api/events': { get: { kind: 'stream' } },
  },
};

/** A gateway whose customer service answers only when the test says so. */
async function startHeld(settings: Record<string, string>) {
  const held: ServerResponse[] = [];
  const hold: RequestListener = (_req, res) => void held.push(res);
  const gateway = await startTestGateway({ paths, settings, serve: { customer: hold, auth: hold } });
  const start = (claims: Record<string, unknown>, ip = '203.0.113.1') => {
    const headers = { Authorization: `Bearer ${signToken(gateway.key, claims)}`, 'X-Forwarded-For': ip };
    return gateway.call({ path: '/api/customers', headers });
  };
  /** Starts a request that reaches the service. */
  const startAdmitted = async (...caller: Parameters<typeof start>) => {
    const before = held.length;
    const response = start(...caller);
    response.catch(() => {}); // a test may end before its requests do
    await until(() => held.length > before, 'an admitted request');
    return { response, finish: () => held[before]?.end('{}') };
  };
  return { gateway, start, startAdmitted, held };
}
type Person = Record<string, unknown>;
const person = (company_id?: string): Person => ({ sub: randomUUID(), ...(company_id && { company_id }) });

describe('requests at once', () => {
  const scopes = {
    MAX_CONCURRENT_PER_USER: { same: (user: Person) => user, what: 'user' },
    MAX_CONCURRENT_PER_COMPANY: { same: () => person(), what: 'company' },
  };
  test.each(Object.entries(scopes))('beyond %s are a 429 until one is complete', async (name, { same, what }) => {
    const { start, startAdmitted } = await startHeld({ [name]: '2', TRUST_PROXY: '1' });
    const user = person();
    const [first, second] = [await startAdmitted(user), await startAdmitted(same(user), '203.0.113.2')];
    const { status, json, headers } = await start(same(user), '203.0.113.3');
    expect([status, json.error_code, json.detail, headers['retry-after']]).toEqual([
      429,
      'TOO_MANY_AT_ONCE',
      `Too many requests at once; at most 2 per ${what}`,
      '1',
    ]);
    const other = await startAdmitted(person(randomUUID()));
    first.finish();
    expect((await first.response).status).toBe(200);
    const third = await startAdmitted(same(user));
    for (const { finish, response } of [second, third, other]) {
      finish();
      expect((await response).status).toBe(200);
    }
  });

  test('beyond MAX_CONCURRENT_PER_IP are a 429 on open routes too', async () => {
    const { gateway, start, startAdmitted } = await startHeld({ MAX_CONCURRENT_PER_IP: '2', TRUST_PROXY: '1' });
    await startAdmitted(person(randomUUID()));
    const second = await startAdmitted(person(randomUUID()));
    const rejected = [
      await start(person(randomUUID())),
      await gateway.call({ path: '/auth/providers', headers: { 'X-Forwarded-For': '203.0.113.1' } }),
    ];
    expect(rejected.map(({ status, json }) => [status, json.error_code])).toEqual([
      [429, 'TOO_MANY_AT_ONCE'],
      [429, 'TOO_MANY_AT_ONCE'],
    ]);
    await startAdmitted(person(randomUUID()), '203.0.113.2');
    expect((await gateway.call({ path: '/health', headers: { 'X-Forwarded-For': '203.0.113.1' } })).status).toBe(200);
    second.finish();
    await second.response;
    await startAdmitted(person(randomUUID()));
  });

  test('count until the client disconnects', async () => {
    const { gateway, held, startAdmitted } = await startHeld({ MAX_CONCURRENT_PER_USER: '1' });
    const user = person();
    const connection = openConnection(gateway.port);
    const token = signToken(gateway.key, user);
    connection.send(`GET /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`);
    await until(() => held.length === 1, 'the first request');
    connection.socket.destroy();
    await until(() => held[0]?.destroyed === true, 'its end');
    await startAdmitted(user);
  });

  test('are unlimited with RATE_LIMITS=off', async () => {
    const { startAdmitted } = await startHeld({ MAX_CONCURRENT_PER_USER: '1', RATE_LIMITS: 'off' });
    const user = person();
    await startAdmitted(user);
    await startAdmitted(user);
  });
});

describe('a client that does not read', () => {
  const listRequest = (authorization: string, path = '/api/customers') =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`;
  /** Opens connections that send a request and read nothing. */
  const openUnread = (port: number, request: string, count: number) =>
    Array.from({ length: count }, () => {
      const connection = openConnection(port);
      connection.socket.pause();
      connection.send(request);
      return connection;
    });

  test('does not hold the connection to the service: the response is read ahead', async () => {
    let answered = 0;
    const body = randomBytes(1_900_000);
    const serve: RequestListener = (_req, res) => {
      res.once('finish', () => (answered += 1));
      res.end(body);
    };
    const limits = { maxUpstreamSockets: 2, stallTimeout: 60_000 }; // no connection is free because its client is cut off
    const gateway = await startTestGateway({ paths, limits, serve: { customer: serve } });
    openUnread(gateway.port, listRequest(gateway.bearer.Authorization), 8);
    await until(() => answered === 8, 'eight responses over two connections');
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
  });

  test('is cut off after a while; one that reads slowly is not', async () => {
    const serve: RequestListener = (_req, res) => void res.end(randomBytes(20_000_000));
    const gateway = await startTestGateway({ paths, limits: { stallTimeout: 2500 }, serve: { customer: serve } });
    const request = listRequest(gateway.bearer.Authorization);
    const slow = openConnection(gateway.port);
    slow.send(request);
    slow.socket.on('data', () => {
      slow.socket.pause();
      setTimeout(() => slow.socket.resume(), 2);
    });
    const [unread] = openUnread(gateway.port, request, 1);
    const failures = () => gateway.logLines.filter(({ failure }) => failure === 'stalled client').length;
    await until(() => failures() === 1, 'the end of the unread response');
    await until(() => slow.received().length > 20_000_000, 'the complete slow response');
    unread?.socket.resume();
    await until(() => unread?.closed() === true, 'the closed connection');
    expect(unread?.received().length).toBeLessThan(20_000_000);
    expect(failures()).toBe(1);
  });

  test('is cut off from a stream only after its own, longer time', async () => {
    const body = randomBytes(20_000_000);
    const serve: RequestListener = (_req, res) => void res.end(body);
    const gateway = await startTestGateway({
      paths,
      limits: { stallTimeout: 50, streamIdleTimeout: 2000 }, // also for the start of the response, on a busy machine
      serve: { customer: serve },
    });
    openUnread(gateway.port, listRequest(gateway.bearer.Authorization, '/api/events'), 1);
    const began = Date.now();
    const cutOff = () => gateway.logLines.some(({ cut_off }) => cut_off === true);
    await until(cutOff, 'the end of the stream');
    expect(Date.now() - began).toBeGreaterThan(1900);
  });

  test('and keeps sending is cut off too', async () => {
    const serve: RequestListener = (_req, res) => void res.end(randomBytes(20_000_000));
    const gateway = await startTestGateway({ paths, limits: { stallTimeout: 300 }, serve: { customer: serve } });
    const request = listRequest(gateway.bearer.Authorization);
    const [unread] = openUnread(gateway.port, request, 1);
    const sending = setInterval(() => unread?.send(request), 20);
    const cutOff = () => gateway.logLines.some(({ cut_off }) => cut_off === true);
    await until(cutOff, 'the end of the unread response');
    clearInterval(sending);
  });

  test('makes the service wait once the gateway buffers all that it may', async () => {
    const alive = new Set<ServerResponse>();
    const serve: RequestListener = (_req, res) => {
      alive.add(res);
      res.once('close', () => alive.delete(res));
      res.end(randomBytes(20_000_000));
    };
    const limits = { maxBufferedTotal: 1_000_000, maxBufferedResponse: 20_000_000 };
    const gateway = await startTestGateway({ paths, limits, serve: { customer: serve } });
    const connections = openUnread(gateway.port, listRequest(gateway.bearer.Authorization), 4);
    await until(() => alive.size === 4, 'the responses');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(alive.size).toBe(4);
    for (const { socket } of connections) socket.resume();
    await until(() => connections.every(({ received }) => received().length > 20_000_000), 'all responses');
  });
});

test('a client that disconnects while its token is verified is not counted, and its request is not sent', async () => {
  const key = signingKey();
  const keySets: ServerResponse[] = [];
  let reached = 0;
  const auth = await listenOn((req, res) => {
    if (req.url === '/.well-known/jwks.json') {
      keySets.push(res);
      if (keySets.length > 1) return; // the test responds later
      res.end(JSON.stringify({ keys: [key.jwk] }));
    } else if (req.url === '/auth/providers') {
      reached += 1;
      res.end('{}');
    } else res.end(JSON.stringify(revocationsResponse().body));
  });
  const gateway = await startTestGateway({
    paths,
    urls: { auth: auth.url },
    settings: { MAX_CONCURRENT_PER_IP: '1', TRUST_PROXY: '1' },
    limits: { jwksOnDemandInterval: 0 },
  });
  const connection = openConnection(gateway.port);
  const unknownKey = signToken(signingKey());
  const headers = { Host: 'a', Authorization: `Bearer ${unknownKey}`, 'X-Forwarded-For': '203.0.113.1' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  connection.send(`GET /auth/providers HTTP/1.1\r\n${lines.join('')}\r\n`);
  await until(() => keySets.length === 2, 'the request for keys');
  connection.socket.resetAndDestroy();
  await until(() => gateway.logLines.some(({ cut_off }) => cut_off === true), 'the end of the connection');
  keySets[1]?.end(JSON.stringify({ keys: [key.jwk] }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const next = await gateway.call({ path: '/auth/providers', headers: { 'X-Forwarded-For': '203.0.113.1' } });
  expect(next.status).toBe(200);
  expect(reached).toBe(1);
});
