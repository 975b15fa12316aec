import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { expect, test, vi } from 'vitest';
import { admissionLimit } from './load-shedding.ts';
import { openConnection, signToken, startTestGateway, stopClock, until, type CallResult } from './testing/gateway.ts';

const paths = {
  customer: {
    '/api/customers': { get: {}, post: {} },
    '/api/customers/export.csv': { get: { kind: 'stream' } },
    '/api/customers/batch': { post: { deadline: 120_000 } },
    '/auth/login': { post: { open: true, address_rate_limit: 'login', deadline: 15_000, max_silence: 5000 } },
    '/auth/register': { post: { open: true, deadline: 15_000, max_silence: 5000 } },
  },
  product: { '/api/products': { get: {} } },
};

/** A gateway whose customer service holds every request until the test ends it. */
async function startHeld(limits: Record<string, number>) {
  const held: ServerResponse[] = [];
  const hold: RequestListener = (_req, res) => void held.push(res);
  const settings = { MAX_CONCURRENT_PER_USER: '1000', MAX_CONCURRENT_PER_COMPANY: '1000', LOGIN_RATE: '1/hour' };
  const options = { paths, settings, limits, serve: { customer: hold } };
  const gateway = await startTestGateway({ ...options, settings: { ...settings, MAX_CONCURRENT_PER_IP: '1000' } });
  const send = (method: string, path: string) =>
    gateway.callSignedIn({ method, path, ...(method === 'POST' && { body: '{}' }) });
  const read = () => send('GET', '/api/customers');
  const responses: Promise<CallResult>[] = [];
  /** Starts reads until `count` requests are in progress. */
  const fill = async (count: number) => {
    while (responses.length < count) responses.push(read());
    await until(() => held.length === count, `${count} requests in progress`);
  };
  const finish = async () => {
    for (const res of held) res.end('{}');
    return (await Promise.all(responses)).map(({ status }) => status);
  };
  return { gateway, held, send, read, fill, finish };
}
const outcome = ({ status, json, headers }: CallResult) => [status, json.error_code, headers['retry-after']];
const shed = [503, 'OVERLOADED', '1'];

test('sheds bulk requests first, then writes, then reads of a busy service, and admits them again afterwards', async () => {
  const { gateway, held, send, read, fill, finish } = await startHeld({ maxInFlight: 10 });
  const admitted = async (method: string, path: string) => {
    const before = held.length;
    const response = send(method, path);
    await until(() => held.length > before, `${method} ${path}`);
    held.pop()?.end('{}');
    expect((await response).status).toBe(200);
  };
  await fill(4);
  await admitted('GET', '/api/customers/export.csv');
  await fill(5);
  for (const [method, path] of [
    ['GET', '/api/customers/export.csv'],
    ['POST', '/api/customers/batch'],
  ] as const)
    expect(outcome(await send(method, path))).toEqual(shed);
  await admitted('POST', '/api/customers');
  await fill(8);
  expect(outcome(await send('POST', '/api/customers'))).toEqual(shed);
  await admitted('GET', '/api/customers');
  await fill(10);
  expect(outcome(await read())).toEqual(shed);

  // What other services and the gateway itself serve.
  expect((await send('GET', '/api/products')).status).toBe(200);
  expect((await gateway.call({ path: '/health' })).status).toBe(200);
  expect((await gateway.call({ path: '/ready' })).status).toBe(200);

  expect(await finish()).toEqual(Array.from({ length: 10 }, () => 200));
  held.length = 0;
  await admitted('POST', '/api/customers/batch');
});

test('rejects at once, before a token is verified, a sign-in is counted or the service is called', async () => {
  const { gateway, held, send, fill, finish } = await startHeld({ maxInFlight: 5 });
  await fill(5);
  const invalid = { Authorization: 'Bearer not-a-token' };
  expect(outcome(await gateway.call({ path: '/api/customers', headers: invalid }))).toEqual(shed);
  for (let n = 0; n < 3; n += 1) expect(outcome(await send('POST', '/auth/login'))).toEqual(shed);
  stopClock(); // no rejection waits for a timer
  for (let n = 0; n < 50; n += 1) expect(outcome(await send('GET', '/api/customers'))).toEqual(shed);
  vi.useRealTimers();
  expect(held).toHaveLength(5);
  await finish();
  held.length = 0;
  const signIn = send('POST', '/auth/login'); // LOGIN_RATE allows one
  await until(() => held.length === 1, 'the sign-in');
  held[0]?.end('{}');
  expect((await signIn).status).toBe(200);
});

test('counts a request until its client has disconnected', async () => {
  const { gateway, held, read, fill, finish } = await startHeld({ maxInFlight: 1 });
  const connection = openConnection(gateway.port);
  connection.send(`GET /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`);
  await until(() => held.length === 1, 'the first request');
  expect(outcome(await read())).toEqual(shed);
  connection.socket.destroy();
  await until(() => held[0]?.destroyed === true, 'its end');
  held.length = 0;
  await fill(1);
  expect(await finish()).toEqual([200]);
});

test('does not count reads that wait for their turn, so that a company with many at once takes no place of others', async () => {
  const { gateway, held } = await startHeld({ maxInFlight: 3, maxReadsPerCompany: 1, maxTurnWait: 60_000 });
  const readAs = (company_id: string) =>
    gateway.call({
      path: '/api/customers',
      headers: { authorization: `Bearer ${signToken(gateway.key, { company_id })}` },
    });
  const responses = [readAs(randomUUID())];
  await until(() => held.length === 1, 'a read of another company');
  const company = randomUUID();
  for (let read = 0; read < 6; read += 1) responses.push(readAs(company));
  await until(() => held.length === 2, 'the turn of one read');
  responses.push(readAs(randomUUID()));
  await until(() => held.length === 3, 'a read of a third company');
  const statuses = Promise.all(responses).then((all) => all.map(({ status }) => status));
  const finishing = setInterval(() => {
    for (const res of held.splice(0)) res.end('{}');
  }, 5);
  expect(await statuses.finally(() => clearInterval(finishing))).toEqual(Array.from({ length: 8 }, () => 200));
});

test('bounds bulk requests apart, so that many of them stop no others', async () => {
  const { held, send, read } = await startHeld({ maxInFlight: 10, maxBulkInFlight: 2 });
  const streams = [send('GET', '/api/customers/export.csv'), send('GET', '/api/customers/export.csv')];
  await until(() => held.length === 2, 'two streams');
  expect(outcome(await send('GET', '/api/customers/export.csv'))).toEqual(shed);
  const other = read();
  await until(() => held.length === 3, 'a read');
  for (const res of held) res.end('{}');
  for (const response of [...streams, other]) expect((await response).status).toBe(200);
});

test('bounds requests that wait in a queue of their service apart, so that many sign-ins take no place of others', async () => {
  const { held, send, read, fill, finish } = await startHeld({
    maxInFlight: 10,
    maxQueuedInFlight: 20,
    maxQueuedSent: 20,
  });
  const signIns = Array.from({ length: 20 }, () => send('POST', '/auth/register'));
  await until(() => held.length === 20, 'all sign-ins');
  expect(outcome(await send('POST', '/auth/register'))).toEqual(shed);
  const others = [read(), send('POST', '/api/customers')];
  await until(() => held.length === 22, 'a read and a write');
  for (const res of held.splice(0)) res.end('{}');
  for (const response of [...signIns, ...others]) expect((await response).status).toBe(200);

  await fill(8);
  expect(outcome(await send('POST', '/auth/register'))).toEqual(shed); // as any other write
  await finish();
});

test('sends a few of those at once, the others in order as they end; one whose client is gone is never sent', async () => {
  const { gateway, held } = await startHeld({ maxQueuedSent: 2 });
  const connections = Array.from({ length: 6 }, () => openConnection(gateway.port));
  const signIn = (n: number) =>
    `POST /auth/register HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Request-Id: sign-in-${n}\r\nContent-Length: 2\r\n\r\n{}`;
  const sent = () => held.map(({ req }) => req.headers['x-request-id']);
  for (const [n, { send }] of connections.entries()) {
    send(signIn(n));
    await gateway.call({ path: '/health' }); // arrives after it
  }
  await until(() => held.length === 2, 'the first two');
  connections[3]?.socket.destroy();
  await gateway.call({ path: '/health' });
  held[1]?.end('{}');
  await until(() => held.length === 3, 'the next');
  connections[0]?.socket.destroy();
  await until(() => held.length === 4, 'the one in the place of a client that is gone');
  expect(sent()).toEqual(['sign-in-0', 'sign-in-1', 'sign-in-2', 'sign-in-4']);
  for (const n of [2, 3, 4]) {
    held[n]?.end('{}');
    if (n === 2) await until(() => held.length === 5, 'the last');
  }
  expect(sent().at(-1)).toBe('sign-in-5');
  const responded = (n: number) => connections[n]?.received().startsWith('HTTP/1.1 200') === true;
  await until(() => [1, 2, 4, 5].every(responded), 'all responses');
});

test('requests that arrive together with many sign-ins do not wait for them', async () => {
  const { gateway } = await startHeld({});
  const limited = `POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`; // LOGIN_RATE allows one
  const all = [...Array.from({ length: 30 }, () => limited), 'GET /health HTTP/1.1\r\nHost: a\r\n\r\n'];
  const connections = all.map(() => openConnection(gateway.port));
  await Promise.all(connections.map(({ socket }) => once(socket, 'connect')));
  const responses: string[] = [];
  for (const [n, { socket, send }] of connections.entries()) {
    socket.once('data', (chunk: Buffer) => responses.push(chunk.toString().slice(9, 12)));
    send(all[n] ?? '');
  }
  await until(() => responses.length >= 30, 'the responses');
  expect(responses.indexOf('200')).toBeLessThan(10);
});

test('admits fewer requests while the event loop is delayed', async () => {
  const { gateway, held, read, fill, finish } = await startHeld({ maxInFlight: 16, maxLoopDelay: 60 });
  await fill(12);
  const connection = openConnection(gateway.port);
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  connection.send(request('/health'));
  await until(() => connection.received().includes('HTTP/1.1 200'), 'an open connection');
  for (const end = performance.now() + 1500; performance.now() < end;); // blocks the event loop, which the gateway shares
  await new Promise((resolve) => setTimeout(resolve, 1)); // the meter's timer, which is due earlier, runs first
  connection.send(request('/api/customers')); // read before the average can fall, on any machine
  await until(() => connection.received().includes('"OVERLOADED"'), 'a rejection');
  const isAdmitted = () => {
    read().catch(() => {}); // ends with the test
    return held.length > 12;
  };
  await until(isAdmitted, 'an admitted request');
  expect(await finish()).toEqual(Array.from({ length: 12 }, () => 200));
});

test.for([
  [0, 128],
  [50, 128],
  [60, 107],
  [100, 96],
  [10_000, 96],
])('with a delay of %i ms the limit is %i', ([delay = 0, limit]) => {
  expect(admissionLimit(128, delay, 50)).toBe(limit);
});
