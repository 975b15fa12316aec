import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenOn, startTestGateway, unusedUrl, until } from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {}, post: {} } } };

/** Starts a replica of a service that counts its requests. */
async function replica(serve: RequestListener = (_req, res) => res.end('ok'), port = 0) {
  const state = { count: 0, isReady: true };
  const { url } = await listenOn((req, res) => {
    if (req.url === '/ready') {
      res.writeHead(state.isReady ? 200 : 503).end('{}');
      return;
    }
    state.count += 1;
    serve(req, res);
  }, port);
  return Object.assign(state, { url });
}

/** Starts a replica that is ready, and resets the connection of every request. */
async function resettingReplica() {
  const state = { count: 0 };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.toString().startsWith('GET /ready')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      state.count += 1;
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address() as { port: number };
  return Object.assign(state, { url: `http://127.0.0.1:${address.port}` });
}

const startGateway = (replicas: readonly { url: string }[], limits = {}) =>
  startTestGateway({ paths, urls: { customer: replicas.map(({ url }) => url).join() }, limits });
type TestGateway = Awaited<ReturnType<typeof startGateway>>;
const get = (gateway: TestGateway) => gateway.callSignedIn({ path: '/api/customers' });
const post = (gateway: TestGateway, body = '{}') =>
  gateway.callSignedIn({ method: 'POST', path: '/api/customers', body });
const times = <T>(count: number, work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work));

test('requests go to the least busy replica, and in turn to equally busy ones', async () => {
  const waiting: ServerResponse[] = [];
  const slow = await replica((_req, res) => void waiting.push(res));
  const fast = [await replica(), await replica()];
  const gateway = await startGateway([...fast, slow]);
  const hanging = times(3, () => get(gateway)).catch(() => {});
  await until(() => waiting.length === 1, 'one of three requests in turn');
  for (let at = 0; at < 20; at += 1) await get(gateway);
  expect(slow.count).toBe(1);
  for (const { count } of fast) expect(count).toBeGreaterThanOrEqual(10);
  waiting[0]?.end('ok');
  await hanging;
  const more = times(3, () => get(gateway));
  await until(() => waiting.length === 2, 'its turn');
  waiting[1]?.end('ok');
  await more;
});

test('a request of any method goes with its whole body to another replica when a connection is refused', async () => {
  const sums: string[] = [];
  const working = await replica((req, res) => {
    const sum = createHash('sha256');
    req.on('data', (chunk: Buffer) => sum.update(chunk));
    req.on('end', () => {
      sums.push(sum.digest('hex'));
      res.end('ok');
    });
  });
  const gateway = await startGateway([{ url: await unusedUrl() }, working, { url: await unusedUrl() }], {
    readinessInterval: 60_000,
    ejectionTime: 0,
  });
  const bodies = Array.from({ length: 12 }, () => randomBytes(200_000).toString('hex'));
  const responses = await Promise.all(bodies.map((body) => post(gateway, body)));
  expect(responses.map(({ status }) => status)).toEqual(bodies.map(() => 200));
  expect(sums.toSorted()).toEqual(bodies.map((body) => createHash('sha256').update(body).digest('hex')).toSorted());
  expect((await get(gateway)).text).toBe('ok');
});

test('without any replica left it is a 503', async () => {
  const gateway = await startGateway([{ url: await unusedUrl() }, { url: await unusedUrl() }]);
  for (const { status, json } of await times(4, () => post(gateway)))
    expect([status, json.detail]).toEqual([503, 'The customer service is unavailable']);
});

test('a read whose connection was reset is repeated once on another replica; a write is a 502', async () => {
  const broken = await resettingReplica();
  const working = await replica();
  const gateway = await startGateway([broken, working], { ejectionTime: 0, readinessInterval: 60_000 });
  // The first failure ejects the replica; a write that reaches it is not repeated.
  const reads = await times(2, () => get(gateway));
  expect(reads.map(({ text }) => text)).toEqual(['ok', 'ok']);
  expect([broken.count, working.count]).toEqual([1, 2]);

  const other = await startGateway([broken, working], { readinessInterval: 60_000 });
  const writes = await times(2, () => post(other));
  expect(writes.map(({ status }) => status).toSorted()).toEqual([200, 502]);

  const [first, second] = [await resettingReplica(), await resettingReplica()];
  const without = await startGateway([first, second]);
  expect((await get(without)).status).toBe(502);
  expect(first.count + second.count).toBe(2);
});

test('reads are repeated within a budget: what was saved up, then one for ten requests', async () => {
  const replicas = [await resettingReplica(), await resettingReplica()];
  const gateway = await startGateway(replicas, { ejectionTime: 0, maxSavedRetries: 5 });
  for (let at = 0; at < 40; at += 1) expect((await get(gateway)).status).toBe(502);
  expect(replicas.reduce((sum, { count }) => sum + count, 0)).toBe(40 + 5 + 3);
});

test('a failing replica is ejected, and gets requests again after a probe', async () => {
  const down = { url: await unusedUrl() };
  const gateway = await startGateway([down, await replica()], { ejectionTime: 50, maxEjectionTime: 50 });
  const ejections = () => gateway.logLines.filter(({ msg }) => String(msg).startsWith('replica'));
  for (let at = 0; at < 10; at += 1) expect((await get(gateway)).status).toBe(200);
  expect(ejections()).toMatchObject([{ upstream: 'customer', replica: new URL(down.url).host, level: 'warn' }]);
  const back = await replica(undefined, Number(new URL(down.url).port));
  await until(
    async () => (await get(gateway)).status === 200 && back.count > 0,
    'requests at the replica that is back',
  );
  expect(ejections().at(-1)).toMatchObject({ msg: 'replica is ready' });
});

test('a replica that is not ready gets no new requests; its service is up while one replica is', async () => {
  const [draining, working] = [await replica(), await replica()];
  const gateway = await startGateway([draining, working]);
  const state = async () => (await gateway.call({ path: '/ready?all=1' })).json['services'] as Record<string, string>;
  await times(4, () => get(gateway));
  expect(draining.count).toBeGreaterThan(0);
  draining.isReady = false;
  await until(() => gateway.logLines.some(({ msg }) => /is not ready/.test(String(msg))), 'the probe');
  const before = draining.count;
  await times(10, () => get(gateway));
  expect(draining.count).toBe(before);
  expect(await state()).toMatchObject({ customer: 'up' });
  working.isReady = false;
  await until(async () => (await state())['customer'] === 'down', 'the last replica is not ready');
  // One that is not ready is better than none.
  expect((await get(gateway)).status).toBe(200);
});

test('keys and revocations come from another replica of auth', async () => {
  const stub = await startTestGateway({ paths });
  const gateway = await startTestGateway({
    paths,
    urls: { auth: `${await unusedUrl()},http://127.0.0.1:${stub.ports.auth}` },
  });
  expect((await gateway.call({ path: '/ready' })).status).toBe(200);
});
