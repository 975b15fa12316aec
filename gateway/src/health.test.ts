import type { ServerResponse } from 'node:http';
import { services } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { dial, listenOn, nobody, startStreet, until } from './test-street.ts';

const paths = { customer: { '/api/customers': { get: {} } } };
const allUp = Object.fromEntries(services.map((service) => [service, 'up']));

test("the gateway's own pages say what it is", async () => {
  const street = await startStreet({ paths });
  const own = { service: 'gateway', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) };
  const root = await street.call({ path: '/' });
  expect([root.status, root.json]).toEqual([200, { message: expect.any(String), ...own, docs_url: '/docs' }]);
  for (const path of ['/health', '/health/', '/health?x=1']) {
    const health = await street.call({ path });
    expect([health.status, health.json]).toEqual([200, { status: 'healthy', ...own }]);
  }
  const head = await street.call({ method: 'HEAD', path: '/health' });
  expect([head.status, head.text]).toEqual([200, '']);
});

test('a service that is not ready makes it degraded, and only ?all=1 a 503', async () => {
  const street = await startStreet({ paths, urls: { favorites: await nobody() } });
  const ready = async (path = '/ready') => {
    const { status, json } = await street.call({ path });
    return [status, json['status'], json['services']];
  };
  expect(await ready()).toEqual([200, 'degraded', { ...allUp, favorites: 'down' }]);
  expect(await ready('/ready?all=1')).toEqual([503, 'degraded', { ...allUp, favorites: 'down' }]);

  const whole = await startStreet({ paths });
  const of = async (path: string) => (await whole.call({ path })).status;
  expect((await whole.call({ path: '/ready?all=1' })).json).toMatchObject({ status: 'ready', services: allUp });
  whole.down.add('product');
  await until(async () => (await of('/ready?all=1')) === 503, 'a service says that it is not ready');
  expect((await whole.call({ path: '/ready' })).json).toMatchObject({
    status: 'degraded',
    services: { ...allUp, product: 'down' },
  });
  expect(await of('/ready')).toBe(200);
  whole.down.delete('product');
  await until(async () => (await of('/ready?all=1')) === 200, 'it is ready again');
});

test('who waits until all are there hears of it at once, and not with the next look at them', async () => {
  const favorites = await nobody();
  const street = await startStreet({ paths, urls: { favorites }, limits: { ready_age: 60_000, ready_again: 10 } });
  const of = async (path: string) => (await street.call({ path })).status;
  expect(await of('/ready?all=1')).toBe(503);
  await listenOn((_req, res) => void res.end('{}'), Number(new URL(favorites).port));
  await until(async () => (await of('/ready?all=1')) === 200, 'the last one is there');
});

test('a gateway that stops says so, takes nobody new, and lets running requests finish', async () => {
  const waiting: ServerResponse[] = [];
  const street = await startStreet({
    paths,
    limits: { drain: 5000 },
    serve: { customer: (_req, res) => void waiting.push(res) },
  });
  const running = street.as({ path: '/api/customers' });
  await until(() => waiting.length === 1, 'a request is running');
  const busy = dial(street.port);
  busy.send('GET /ready HTTP/1.1\r\nHost: a\r\n'); // not idle: a request has begun
  await until(() => busy.socket.bytesWritten > 0, 'the first half is sent');
  await street.call({ path: '/health' });

  const closed = street.close();
  busy.send('\r\n');
  await until(busy.closed, 'the answer, then the end');
  expect(busy.received()).toMatch(/^HTTP\/1\.1 503 .*"status":"draining"/s);
  await expect(street.call({ path: '/health' })).rejects.toThrow(/ECONNREFUSED/);
  waiting[0]?.end('finished');
  expect((await running).text).toBe('finished');
  await closed;
});

test('a request that does not finish is broken off in the end', async () => {
  const street = await startStreet({ paths, limits: { drain: 100 }, serve: { customer: () => {} } });
  const running = street.as({ path: '/api/customers' });
  await until(() => street.reached.length === 1, 'a request is running');
  await Promise.all([expect(running).rejects.toThrow(/hang up|ECONNRESET/), street.close()]);
});
