import type { ServerResponse } from 'node:http';
import { services } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { openConnection, listenOn, sendRaw, unusedUrl, startTestGateway, until } from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {} } } };
const allUp = Object.fromEntries(services.map((service) => [service, 'up']));

test('the built-in routes name the gateway and its version', async () => {
  const gateway = await startTestGateway({ paths });
  const own = { service: 'gateway', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) };
  const root = await gateway.call({ path: '/' });
  expect([root.status, root.json]).toEqual([200, { message: expect.any(String), ...own, docs_url: '/docs' }]);
  for (const path of ['/health', '/health/', '/health?x=1']) {
    const health = await gateway.call({ path });
    expect([health.status, health.json]).toEqual([200, { status: 'healthy', ...own }]);
  }
  const head = await gateway.call({ method: 'HEAD', path: '/health' });
  expect([head.status, head.text]).toEqual([200, '']);
});

test('reports degraded while a service is down, and 503 only with ?all=1', async () => {
  const gateway = await startTestGateway({ paths, urls: { favorites: await unusedUrl() } });
  const ready = async (path = '/ready') => {
    const { status, json } = await gateway.call({ path });
    return [status, json['status'], json['services']];
  };
  expect(await ready()).toEqual([200, 'degraded', { ...allUp, favorites: 'down' }]);
  expect(await ready('/ready?all=1')).toEqual([503, 'degraded', { ...allUp, favorites: 'down' }]);

  const whole = await startTestGateway({ paths });
  const of = async (path: string) => (await whole.call({ path })).status;
  expect((await whole.call({ path: '/ready?all=1' })).json).toMatchObject({ status: 'ready', services: allUp });
  whole.down.add('product');
  await until(async () => (await of('/ready?all=1')) === 503, 'the service is reported down');
  expect((await whole.call({ path: '/ready' })).json).toMatchObject({
    status: 'degraded',
    services: { ...allUp, product: 'down' },
  });
  expect(await of('/ready')).toBe(200);
  whole.down.delete('product');
  await until(async () => (await of('/ready?all=1')) === 200, 'the service is reported up');
});

test('?all=1 rechecks services that were down without waiting for the next poll', async () => {
  const favorites = await unusedUrl();
  const gateway = await startTestGateway({
    paths,
    urls: { favorites },
    limits: { readinessInterval: 60_000, readinessRecheckInterval: 10 },
  });
  const of = async (path: string) => (await gateway.call({ path })).status;
  expect(await of('/ready?all=1')).toBe(503);
  await listenOn((_req, res) => void res.end('{}'), Number(new URL(favorites).port));
  await until(async () => (await of('/ready?all=1')) === 200, 'the last service is up');
});

test('a stopping gateway reports draining, refuses new connections and finishes running requests', async () => {
  const waiting: ServerResponse[] = [];
  const gateway = await startTestGateway({
    paths,
    limits: { shutdownTimeout: 5000 },
    serve: { customer: (_req, res) => void waiting.push(res) },
  });
  const running = gateway.callSignedIn({ path: '/api/customers' });
  await until(() => waiting.length === 1, 'a request is running');
  const busy = openConnection(gateway.port);
  busy.send('GET /ready HTTP/1.1\r\nHost: a\r\n'); // not idle: half of a request
  await until(() => busy.socket.bytesWritten > 0, 'the first half is sent');
  await gateway.call({ path: '/health' });

  const closed = gateway.close();
  busy.send('\r\n');
  await until(busy.closed, 'the response, then the close');
  expect(busy.received()).toMatch(/^HTTP\/1\.1 503 .*"status":"draining"/s);
  await expect(gateway.call({ path: '/health' })).rejects.toThrow(/ECONNREFUSED/);
  waiting[0]?.end('finished');
  expect((await running).text).toBe('finished');
  await closed;
});

test('a request that never finishes is cut off at the shutdown timeout', async () => {
  const gateway = await startTestGateway({ paths, limits: { shutdownTimeout: 100 }, serve: { customer: () => {} } });
  const running = gateway.callSignedIn({ path: '/api/customers' });
  await until(() => gateway.reached.length === 1, 'a request is running');
  await Promise.all([expect(running).rejects.toThrow(/hang up|ECONNRESET/), gateway.close()]);
});

test('every JSON response of the gateway ends with a line feed', async () => {
  const gateway = await startTestGateway({ paths });
  for (const path of ['/', '/health', '/ready', '/nowhere', '/api/customers?%']) {
    const { text } = await gateway.call({ path });
    expect(text, path).toMatch(/^\{.*\}\n$/s);
  }
  expect(await sendRaw(gateway.port, 'not HTTP\r\n\r\n')).toMatch(/\}\n$/);
});
