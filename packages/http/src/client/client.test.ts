import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createRetryBudget, exposeMetrics } from '@clientela/runtime';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { timeoutSignal } from '../routing/deadline.ts';
import { startingListener } from '../routing/starting.ts';
import { createCallPolicy } from './call-policy.ts';
import { serviceClient } from './client.ts';

const actor = {
  id: 'service:favorites',
  role: 'service' as const,
  company_id: null,
  session_id: null,
  client_ip: null,
  request_id: 'request-1',
};
const Body = z.object({ id: z.string() });
const reset = 2000;

/** Starts a customer service that `respond` stands for, and a client of it. */
async function startService(respond: RequestListener, options: { timeout?: number } = {}) {
  const service = { respond, calls: [] as { method: string | undefined; timeLeft: number }[] };
  const server = createServer((request, response) => {
    service.calls.push({ method: request.method, timeLeft: Number(request.headers['x-request-timeout']) });
    service.respond(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const policy = createCallPolicy('customer', { reset });
  const client = serviceClient({
    service: 'customer',
    url: `http://127.0.0.1:${port}`,
    key: 'key',
    policy,
    ...options,
  });
  const get = (signal?: AbortSignal) => client.get('/internal/customers/1', Body, { actor, ...(signal && { signal }) });
  const post = () => client.post('/internal/events', {}, { actor });
  return Object.assign(service, { get, post });
}
const found: RequestListener = (_request, response) => void response.end('{"id":"1"}');
const responds =
  (status: number): RequestListener =>
  (_request, response) =>
    void response.writeHead(status).end('{}');
const hangs: RequestListener = () => {};
const resets: RequestListener = (request) => void request.socket.destroy();
const truncates: RequestListener = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 });
  response.write('{"id":', () => response.destroy());
};
const unavailable = { kind: 'unavailable', message: 'The customer service is unavailable' };
const repeat = <R>(times: number, work: () => Promise<R>) =>
  Array.from({ length: times }).reduce<Promise<unknown>>(
    (done) => done.then(() => work().catch(() => {})),
    Promise.resolve(),
  );

test.for([
  ['a reset connection', resets],
  ['a truncated response', truncates],
  ['a redirect', responds(302)],
  ['a 502', responds(502)],
  ['a 503', responds(503)],
  ['a 504', responds(504)],
  ['no response in time', hangs],
] as const)('%s is a 503 that names the service', async ([, respond]) => {
  const { get, post } = await startService(respond, { timeout: 400 });
  await expect(get()).rejects.toMatchObject(unavailable);
  await expect(post()).rejects.toMatchObject(unavailable);
});

describe('the time left', () => {
  test('is sent along: that of the call, or of the request when it has less', async () => {
    const { get, calls } = await startService(found, { timeout: 20_000 });
    await get();
    await get(timeoutSignal(5000));
    await get(timeoutSignal(60_000));
    const [ofCall = 0, ofRequest = 0, bounded = 0] = calls.map(({ timeLeft }) => timeLeft);
    for (const timeLeft of [ofCall, bounded]) {
      expect(timeLeft).toBeGreaterThan(5000);
      expect(timeLeft).toBeLessThanOrEqual(20_000);
    }
    expect(ofRequest).toBeGreaterThan(0);
    expect(ofRequest).toBeLessThanOrEqual(5000);
  });

  test('bounds the call; without any there is no call', async () => {
    const { get, calls } = await startService(hangs, { timeout: 3_600_000 });
    const signal = timeoutSignal(1000);
    const exceeded = { kind: 'unavailable', error_code: 'DEADLINE_EXCEEDED' };
    await expect(get(signal)).rejects.toMatchObject(exceeded);
    await expect(get(signal)).rejects.toMatchObject(exceeded);
    expect(calls).toHaveLength(1);
  });
});

describe('retries', () => {
  test('repeat a read of an unavailable service, but no write, and nothing that got a response', async () => {
    const service = await startService(responds(503));
    let failures = 2;
    service.respond = (...exchange) => (failures-- > 0 ? resets : found)(...exchange);
    expect(await service.get()).toEqual({ id: '1' });
    expect(service.calls).toHaveLength(3);

    service.calls.length = 0;
    service.respond = responds(503);
    await expect(service.post()).rejects.toMatchObject(unavailable);
    for (const status of [404, 403, 500]) {
      service.respond = responds(status);
      await service.get().catch(() => {});
    }
    expect(service.calls.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET', 'GET']);
  });

  test('reach another replica when the first one is still starting: it closes its connections', async () => {
    const starting = startingListener('customer', () => undefined);
    const replicas = new WeakMap<Socket, RequestListener>();
    const service = await startService((request, response) => {
      // As behind a load balancer, the replica is that of the connection.
      const isFirst = service.calls.length === 1;
      const replica = replicas.get(request.socket) ?? (isFirst ? starting : found);
      replicas.set(request.socket, replica);
      replica(request, response);
    });
    expect(await service.get()).toEqual({ id: '1' });
    expect(service.calls).toHaveLength(2);
  });

  test('have a budget of ten, then of one for ten calls', () => {
    const budget = createRetryBudget(10);
    const spent = (times: number) => Array.from({ length: times }, () => budget.tryWithdraw()).filter(Boolean).length;
    expect(spent(20)).toBe(10);
    for (let call = 0; call < 25; call += 1) budget.deposit();
    expect(spent(20)).toBe(2);
    for (let call = 0; call < 1000; call += 1) budget.deposit();
    expect(spent(20)).toBe(10);
  });

  test('are at most a tenth of the calls once the budget is spent', async () => {
    const service = await startService(responds(503));
    let n = 0;
    service.respond = (...exchange) => (n++ % 2 === 0 ? found : resets)(...exchange); // the breaker stays closed
    await Promise.all(Array.from({ length: 200 }, () => service.get().catch(() => {})));
    expect(service.calls.length).toBeLessThanOrEqual(200 + 10 + 20);
  });
});

describe('the breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
    return () => void vi.useRealTimers();
  });
  const stateOf = async () =>
    Number(/clientela_breaker_state\{upstream="customer"\} (\d)/.exec((await exposeMetrics()).text)?.[1]);

  test('opens after many failures, lets one call through after a while, and closes when that gets a response', async () => {
    const service = await startService(resets);
    expect(await stateOf()).toBe(0);
    await repeat(10, service.post);
    expect([service.calls.length, await stateOf()]).toEqual([10, 2]);
    await expect(service.get()).rejects.toMatchObject(unavailable);
    expect(service.calls).toHaveLength(10);

    vi.advanceTimersByTime(reset);
    const held: ServerResponse[] = [];
    service.respond = (_request, response) => void held.push(response);
    const probe = service.get();
    await expect.poll(() => held.length).toBe(1);
    expect(await stateOf()).toBe(1);
    await expect(service.get()).rejects.toMatchObject(unavailable);
    await expect(service.post()).rejects.toMatchObject(unavailable);
    held[0]?.end('{"id":"1"}');
    expect(await probe).toEqual({ id: '1' });
    service.respond = found;
    await Promise.all([service.get(), service.get(), service.post()]);
    expect([service.calls.length, await stateOf()]).toEqual([14, 0]);
  });

  test('opens again when the call that is let through fails, or its caller gives up', async () => {
    const service = await startService(resets);
    await repeat(10, service.post);
    vi.advanceTimersByTime(reset);
    await service.post().catch(() => {});
    expect([service.calls.length, await stateOf()]).toEqual([11, 2]);
    vi.advanceTimersByTime(reset);
    service.respond = hangs;
    const caller = new AbortController();
    const call = service.get(caller.signal).catch(() => {});
    await expect.poll(() => service.calls.length).toBe(12);
    caller.abort();
    await call;
    expect([service.calls.length, await stateOf()]).toEqual([12, 2]);
  });

  test.for([400, 401, 403, 404, 409, 422, 429, 500])('does not open by responses with %i', async (status) => {
    const service = await startService(responds(status));
    await repeat(15, service.post);
    expect([service.calls.length, await stateOf()]).toEqual([15, 0]);
  });

  test('does not open by callers that give up', async () => {
    const service = await startService(hangs);
    const callers = new AbortController();
    const calls = Array.from({ length: 15 }, () => service.get(callers.signal).catch(() => {}));
    await expect.poll(() => service.calls.length).toBe(15);
    callers.abort();
    await Promise.all(calls);
    expect(await stateOf()).toBe(0);
  });
});
