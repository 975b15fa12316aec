import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  openConnection,
  echo,
  listenOn,
  unusedUrl,
  sendRaw,
  startTestGateway,
  stopClock,
  until,
} from './testing/gateway.ts';

const deadline = 300;
/** Requests of kind json are sent by one transport, others by another: transports/stream-transport.large.test.ts. */
const kind = process.env['TESTED_ROUTE_KIND'] ?? 'json';
const paths = {
  customer: {
    '/api/customers': { get: { kind }, post: { kind } },
    '/api/quick': { get: { kind, deadline }, post: { kind, deadline } },
    '/api/events': { get: { kind: 'stream', deadline } },
    '/api/queued': { post: { kind, deadline: 5 * deadline, max_silence: deadline } },
  },
  product: { '/api/products': { get: {} } },
};

/** Starts a TCP server whose every byte the test writes. */
async function rawService(
  talk: (socket: Socket, request: string, count: number) => void,
): Promise<{ url: string; sockets: Set<Socket>; requests: string[] }> {
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const text = chunk.toString();
      if (text.startsWith('GET /ready')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      requests.push(text);
      talk(socket, text, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, sockets, requests };
}

const ok = (body: string, more = '') => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

describe('an unavailable or broken service', () => {
  test('is a 503 that names it, with Retry-After, for its own routes only', async () => {
    const url = await unusedUrl();
    const gateway = await startTestGateway({ paths, urls: { customer: url } });
    for (const method of ['GET', 'POST']) {
      const { status, headers, json, text } = await gateway.callSignedIn({
        method,
        path: '/api/customers',
        body: method === 'POST' ? '{}' : '',
      });
      expect([status, json.error_code, json.detail, headers['retry-after']]).toEqual([
        503,
        'SERVICE_UNAVAILABLE',
        'The customer service is unavailable',
        '2',
      ]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(json.request_id).toBe(headers['x-request-id']);
      expect(text + JSON.stringify(headers)).not.toMatch(/127\.0\.0\.1|ECONN|at .*\.ts|stack/);
    }
    expect((await gateway.callSignedIn({ path: '/api/products' })).status).toBe(200);

    // The service returns on the same port; the gateway needs no notice.
    await listenOn(echo, Number(new URL(url).port));
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
  });

  test('that hangs is a 504 at the route’s deadline, and the upstream request is ended', async () => {
    let hanging = 0;
    const hang: RequestListener = (req, res) => {
      hanging += 1;
      req.resume();
      res.once('close', () => (hanging -= 1));
    };
    const gateway = await startTestGateway({ paths, serve: { customer: hang } });
    const { status, headers, json, text } = await gateway.callSignedIn({ path: '/api/quick' });
    expect([status, json.error_code, json.detail, headers['retry-after']]).toEqual([
      504,
      'UPSTREAM_TIMEOUT',
      'The customer service did not respond in time',
      '2',
    ]);
    expect(text).not.toContain('127.0.0.1');
    expect((await gateway.callSignedIn({ method: 'POST', path: '/api/quick', body: '{}' })).status).toBe(504);
    await until(() => hanging === 0, 'the end of the upstream requests');
  });

  describe('by a clock that the test moves', () => {
    /** Starts a gateway whose service collects its POSTs. Their responses and the gateway's clock are the test's. */
    const startQueue = async (limits = {}) => {
      const waiting: ServerResponse[] = [];
      const gateway = await startTestGateway({
        paths,
        limits,
        serve: {
          customer: (req, res) => {
            req.resume();
            waiting.push(res);
          },
        },
      });
      stopClock();
      const settled = (condition: () => boolean) => until(condition, 'a response');
      const start = () => {
        const request = { status: 0, res: undefined as ServerResponse | undefined };
        void gateway.callSignedIn({ method: 'POST', path: '/api/queued', body: '{}' }).then(
          ({ status }) => (request.status = status),
          () => (request.status = -1),
        );
        return request;
      };
      const post = async () => {
        const count = waiting.length;
        const request = start();
        await settled(() => waiting.length > count);
        request.res = waiting.at(-1);
        return request;
      };
      const answerAnother = async () => {
        const other = await post();
        other.res?.end('{}');
        await settled(() => other.status > 0);
        expect(other.status).toBe(200);
      };
      return { waiting, start, post, answerAnother, settled };
    };

    test('that hangs is a 504 after the silence that the route allows', async () => {
      const { post, settled } = await startQueue();
      const request = await post();
      vi.advanceTimersByTime(deadline - 1);
      await setImmediate();
      expect(request.status).toBe(0);
      vi.advanceTimersByTime(1);
      await settled(() => request.status > 0);
      expect(request.status).toBe(504);
    });

    test('that answers others is not silent for a request that waits for its turn, until it is', async () => {
      const { waiting, start, post, settled } = await startQueue({ maxQueuedSent: 1 });
      const first = await post();
      const timers = vi.getTimerCount();
      const others = [start(), start(), start()];
      await until(() => vi.getTimerCount() >= timers + 3, 'all requests');
      vi.advanceTimersByTime(deadline / 2);
      first.res?.end('{}');
      await settled(() => first.status > 0 && waiting.length === 2);
      vi.advanceTimersByTime(deadline / 2);
      await setImmediate();
      expect(others.map(({ status }) => status)).toEqual([0, 0, 0]);
      vi.advanceTimersByTime(deadline);
      await settled(() => others.every(({ status }) => status > 0));
      expect(others.map(({ status }) => status)).toEqual([504, 503, 503]); // the last two were never sent
    });

    test('that answers others in turn has until the deadline', async () => {
      const { post, answerAnother, settled } = await startQueue();
      const request = await post();
      for (let at = deadline / 2; at < 5 * deadline; at += deadline / 2) {
        vi.advanceTimersByTime(deadline / 2);
        await answerAnother();
      }
      vi.advanceTimersByTime(deadline / 2 - 1);
      await answerAnother();
      expect(request.status).toBe(0);
      vi.advanceTimersByTime(1);
      await settled(() => request.status > 0);
      expect(request.status).toBe(504);
    });

    test('has no longer than the deadline when the timers of a busy gateway are late', async () => {
      const { post, answerAnother, settled } = await startQueue();
      const onTime = globalThis.setTimeout;
      const late = 40;
      vi.spyOn(globalThis, 'setTimeout').mockImplementation((run, ms) => onTime(run, (ms ?? 0) + late));
      onTestFinished(() => void vi.restoreAllMocks());
      const request = await post();
      for (let at = 0; at < 5 * deadline; at += deadline / 2) {
        await answerAnother();
        vi.advanceTimersByTime(deadline / 2);
      }
      vi.advanceTimersByTime(late);
      await settled(() => request.status > 0);
      expect(request.status).toBe(504);
    });
  });

  test('that sends only headers is a 504 without them', async () => {
    const service = await rawService((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "1"\r\n\r\n'),
    );
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    const { status, headers, json } = await gateway.callSignedIn({ path: '/api/quick' });
    expect([status, json.error_code, headers.etag]).toEqual([504, 'UPSTREAM_TIMEOUT', undefined]);
    await until(() => service.sockets.size === 0, 'the connection to the service is closed');
  });

  const garbage: Record<string, string> = {
    'no HTTP': 'SSH-2.0-OpenSSH_9.2\r\n',
    'a broken header': 'HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'endless headers': `HTTP/1.1 200 OK\r\n${`X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(100)}\r\n`,
    'an uninvited upgrade': 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    nothing: '',
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    test(`that sends ${what} is a 502`, async () => {
      const service = await rawService((socket) => socket.end(bytes));
      const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
      const { status, headers, json, text } = await gateway.callSignedIn({
        method: 'POST',
        path: '/api/customers',
        body: '{}',
      });
      expect([status, json.error_code, headers['retry-after']]).toEqual([502, 'SERVICE_UNAVAILABLE', '2']);
      expect(json.detail).toContain('customer service');
      expect(text).not.toMatch(/HPE_|127\.0\.0\.1|socket hang up/);
      expect(service.requests.length).toBe(1);
    });
  }

  test('an invalid reason phrase is not forwarded and does no harm', async () => {
    const service = await rawService((socket) => socket.write('HTTP/1.1 200 \u0001<b>\r\nContent-Length: 2\r\n\r\nhi'));
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    expect([200, 502]).toContain((await gateway.callSignedIn({ path: '/api/customers' })).status);
    expect((await gateway.call({ path: '/health' })).status).toBe(200);
  });

  test('is cut off when its response trickles past the deadline, or is never read', async () => {
    const alive = new Set<ServerResponse>();
    const serve: RequestListener = (req, res) => {
      alive.add(res);
      res.once('close', () => alive.delete(res));
      if (req.method === 'POST') {
        res.end(randomBytes(50_000_000));
        return;
      }
      const drip = setInterval(() => res.write('x'), 20);
      res.once('close', () => clearInterval(drip));
    };
    const limits = { rateWindow: 200, stallTimeout: 3_600_000, unreadTimeout: 3_600_000 };
    const gateway = await startTestGateway({ paths, limits, serve: { customer: serve } });
    stopClock();
    for (const method of ['GET', 'POST']) {
      const connection = openConnection(gateway.port);
      if (method === 'POST') connection.socket.once('data', () => connection.socket.pause());
      connection.send(
        `${method} /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nContent-Length: 0\r\n\r\n`,
      );
      await until(() => connection.received() !== '', 'the response has begun');
      expect([connection.received().slice(0, 15), alive.size]).toEqual(['HTTP/1.1 200 OK', 1]);
      vi.advanceTimersByTime(deadline);
      // In the first windows the buffers of the connections take bytes.
      await until(() => {
        vi.advanceTimersByTime(limits.rateWindow);
        return alive.size === 0;
      }, `the end of the response to ${method}`);
    }
  });

  test('that closes during its response closes the client’s connection, so that the response is visibly incomplete', async () => {
    const service = await rawService((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 30);
    });
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    const connection = openConnection(gateway.port);
    connection.send(`GET /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`);
    await until(connection.closed, 'the connection is closed');
    expect(connection.received()).toMatch(/half$/);

    const chunked = await rawService((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      setTimeout(() => socket.destroy(), 30);
    });
    const other = await startTestGateway({ paths, urls: { customer: chunked.url } });
    await expect(other.callSignedIn({ path: '/api/customers' })).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });
});

describe('an idle connection that the service closed under a request', () => {
  // Responds to the first request; closes the connection of the second without a byte.
  const closesSecond = () =>
    rawService((socket, _request, count) => {
      if (count === 2) socket.destroy();
      else socket.write(ok('ok'));
    });
  test('is retried for a GET', async () => {
    const service = await closesSecond();
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    expect((await gateway.callSignedIn({ path: '/api/customers' })).text).toBe('ok');
    expect((await gateway.callSignedIn({ path: '/api/customers' })).text).toBe('ok');
    expect(service.requests.length).toBe(3);
  });
  test('is a 502 for a POST, which is never retried', async () => {
    const service = await closesSecond();
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    expect((await gateway.callSignedIn({ path: '/api/customers' })).text).toBe('ok');
    expect((await gateway.callSignedIn({ method: 'POST', path: '/api/customers', body: '{}' })).status).toBe(502);
    expect(service.requests.length).toBe(2);
  });
  test('is retried once only, even when other idle connections fail too', async () => {
    const waiting: Socket[] = [];
    const service = await rawService((socket, _request, count) => {
      if (count > 3) socket.destroy();
      else waiting.push(socket);
      if (count === 3) for (const each of waiting) each.write(ok('ok'));
    });
    const gateway = await startTestGateway({ paths, urls: { customer: service.url } });
    const get = () => gateway.callSignedIn({ path: '/api/customers' });
    expect((await Promise.all([get(), get(), get()])).map(({ text }) => text)).toEqual(['ok', 'ok', 'ok']);
    expect((await get()).status).toBe(502);
    expect(service.requests.length).toBe(5);
  });
});

describe('a response', () => {
  test('loses internal and hop-by-hop headers, keeps the others and carries the request id', async () => {
    const serve: RequestListener = (_req, res) => {
      res.writeHead(201, 'Done by Hand', {
        Server: 'secret/1',
        'X-Powered-By': 'Express',
        'X-Service-Key': 'k',
        'X-User-Id': 'u',
        'X-Key-Id': 'i',
        'X-Permissions': 'customers:read',
        'X-Internal-Host': 'h',
        'X-Request-Id': 'theirs-0001',
        'Keep-Alive': 'timeout=65',
        Connection: 'keep-alive, X-Hop',
        'X-Hop': '1',
        ETag: '"7"',
        'Set-Cookie': ['a=1', 'b=2'],
        'Retry-After': '9',
      });
      res.end('{}');
    };
    const gateway = await startTestGateway({ paths, serve: { customer: serve } });
    const response = await gateway.callSignedIn({ path: '/api/customers', headers: { 'X-Request-Id': 'ours-0001' } });
    expect(response.status).toBe(201);
    expect(response.headers).toMatchObject({
      etag: '"7"',
      'retry-after': '9',
      'x-request-id': 'ours-0001',
    });
    for (const name of [
      'server',
      'set-cookie',
      'x-powered-by',
      'x-service-key',
      'x-user-id',
      'x-key-id',
      'x-permissions',
      'x-internal-host',
      'x-hop',
    ])
      expect(response.headers).not.toHaveProperty(name);
    const health = await gateway.call({ path: '/health' });
    expect(health.headers).not.toHaveProperty('x-powered-by');
  });

  test('keeps or closes the connection as the client requested, independent of the service’s', async () => {
    const gateway = await startTestGateway({
      paths,
      serve: { customer: (_req, res) => res.setHeader('Connection', 'close').end('x') },
    });
    const get = (more: string) =>
      `GET /api/customers HTTP/1.1\r\nHost: a\r\n${more}Authorization: ${gateway.bearer.Authorization}\r\n\r\n`;
    const connection = openConnection(gateway.port);
    connection.send(get(''));
    await until(() => /\r\n\r\n.*x/s.test(connection.received()), 'the first response');
    connection.send(get('Connection: close\r\n'));
    await until(connection.closed, 'the connection is closed after the second');
    expect(connection.received().match(/HTTP\/1\.1 200/g)?.length).toBe(2);
    expect(await sendRaw(gateway.port, get('').replace('HTTP/1.1', 'HTTP/1.0'))).toMatch(/^HTTP\/1\.1 200.*x$/s);
  });

  test('keeps each byte of its body, whatever their number', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const bodies = { customer: bytes, product: Buffer.concat(Array.from({ length: 80 }, () => bytes)) };
    const serve = {
      customer: ((_req, res) => void res.end(bodies.customer)) satisfies RequestListener,
      product: ((_req, res) => void res.end(bodies.product)) satisfies RequestListener,
    };
    const { port, bearer } = await startTestGateway({ paths, serve });
    for (const [path, body] of [['customers', bodies.customer] as const, ['products', bodies.product] as const]) {
      const response = await fetch(`http://127.0.0.1:${port}/api/${path}`, { headers: bearer });
      expect(response.headers.get('content-length')).toBe(String(body.length));
      expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    }
  });

  test('streams without buffering', async () => {
    let res: ServerResponse | undefined;
    const gateway = await startTestGateway({
      paths,
      limits: { streamIdleTimeout: 400 },
      serve: {
        customer: (_req, serviceRes) => {
          res = serviceRes;
          res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
        },
      },
    });
    stopClock();
    const connection = openConnection(gateway.port);
    connection.send(`GET /api/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`);
    await until(
      () => /text\/event-stream.*\r\n\r\n/s.test(connection.received()),
      'the headers arrive before any body',
    );
    for (let i = 0; i < 10; i += 1) {
      res?.write(`data: ${i}\n\n`);
      await until(
        () => connection.received().includes(`data: ${i}\n`),
        `event ${i} arrives before the next is written`,
      );
      vi.advanceTimersByTime(300);
    }
    await setImmediate();
    expect(connection.closed()).toBe(false); // long past the deadline, which a stream does not have
    for (let i = 0; i < 2; i += 1) vi.advanceTimersByTime(400);
    await until(connection.closed, 'the end of the idle stream');
  });

  test('of 20 MB reaches a slow client completely, also past the deadline', async () => {
    const big = randomBytes(20 * 1024 * 1024);
    const limits = { rateWindow: 1000 };
    const gateway = await startTestGateway({ paths, limits, serve: { customer: (_req, res) => void res.end(big) } });
    stopClock();
    const connection = openConnection(gateway.port);
    const sum = createHash('sha256');
    let got = -1;
    let isWindowOver = false;
    const moveWindow = () => {
      if (!isWindowOver) vi.advanceTimersByTime(limits.rateWindow);
      isWindowOver = true;
    };
    let head = Buffer.alloc(0);
    connection.socket.removeAllListeners('data');
    connection.socket.on('data', (chunk) => {
      if (got < 0) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        chunk = head.subarray(end + 4);
        got = 0;
        vi.advanceTimersByTime(deadline);
      }
      sum.update(chunk);
      got += chunk.length;
      // The buffers of the connection took less before the deadline, so that the gateway has sent enough since.
      if (got > 16_000_000) moveWindow();
      connection.socket.pause();
      void setImmediate().then(() => connection.socket.resume());
    });
    connection.send(`GET /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`);
    await until(() => got >= big.length || connection.closed(), 'the complete response', 20_000);
    expect(got).toBe(big.length);
    expect(sum.digest('hex')).toBe(createHash('sha256').update(big).digest('hex'));
  });
});

describe('a client that disconnects', () => {
  test('ends the upstream request, before and during the response', async () => {
    const alive = new Set<IncomingMessage>();
    let began = 0;
    const serve: RequestListener = (req, res) => {
      began += 1;
      alive.add(req);
      res.once('close', () => alive.delete(req));
      if (req.url === '/api/events') res.write('data: 1\n\n');
    };
    const gateway = await startTestGateway({ paths, serve: { customer: serve } });
    for (const [at, path] of ['/api/customers', '/api/events'].entries()) {
      const connection = openConnection(gateway.port);
      connection.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`);
      await until(
        () => began === at + 1 && (at === 0 || connection.received().includes('data: 1')),
        'the service handles the request',
      );
      connection.socket.destroy();
      await until(() => alive.size === 0, 'the service sees the close');
    }
    await until(
      () => gateway.logLines.filter((line) => line['cut_off'] === true).length === 2,
      'two log lines with cut_off',
    );
    expect(gateway.logLines.every(({ level }) => level === 'info')).toBe(true);
  });

  test('during its body leaves no partial request behind', async () => {
    let broken = 0;
    const serve: RequestListener = (req) => {
      req.resume();
      req.once('error', () => (broken += 1));
    };
    const gateway = await startTestGateway({ paths, serve: { customer: serve } });
    const connection = openConnection(gateway.port);
    connection.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`,
    );
    await until(() => gateway.reached.length === 1, 'the request is on its way');
    connection.socket.destroy();
    await until(() => broken === 1, 'the service sees the incomplete body');
    expect(gateway.reached.length).toBe(1);
  });
});

test('the service receives the time left of the route’s deadline, and never the client’s; a stream has none', async () => {
  const held: ServerResponse[] = [];
  const limits = { maxUpstreamSockets: 1 };
  const serve: RequestListener = (_req, res) => void held.push(res);
  const deadline = 20_000; // is met
  const gateway = await startTestGateway({
    paths: { customer: { '/api/quick': { get: { kind, deadline } }, '/api/events': paths.customer['/api/events'] } },
    limits,
    serve: { customer: serve },
  });
  const headers = { 'X-Request-Timeout': '86400000' };
  const first = gateway.callSignedIn({ path: '/api/quick', headers });
  await until(() => held.length === 1, 'the first request');
  const second = gateway.callSignedIn({ path: '/api/quick', headers }); // waits for the only connection
  await gateway.call({ path: '/health' }); // the gateway has the second request when it responds to a later one
  await new Promise((resolve) => setTimeout(resolve, 100));
  held[0]?.end('{}');
  await until(() => held.length === 2, 'the second request');
  held[1]?.end('{}');
  const statuses = [(await first).status, (await second).status];
  const stream = gateway.callSignedIn({ path: '/api/events', headers });
  await until(() => held.length === 3, 'the stream');
  held[2]?.end();
  await stream;
  expect(statuses).toEqual([200, 200]);
  const [left = 0, leftAfterWait = 0, ofStream] = gateway.reached
    .filter(({ service }) => service === 'customer')
    .map((request) => request.headers['x-request-timeout']);
  expect(Number(left)).toBeGreaterThan(0);
  expect(Number(left)).toBeLessThanOrEqual(deadline);
  expect(Number(leftAfterWait)).toBeGreaterThan(0);
  expect(Number(leftAfterWait)).toBeLessThanOrEqual(deadline - 90);
  expect(ofStream).toBeUndefined();
});

test('a request that gets no free connection is a 503, and is never sent later', async () => {
  const waiting: ServerResponse[] = [];
  const gateway = await startTestGateway({
    paths,
    limits: { maxUpstreamSockets: 1 },
    serve: { customer: (_req, res) => void waiting.push(res) },
  });
  const first = gateway.callSignedIn({ path: '/api/customers' });
  await until(() => waiting.length === 1, 'the only connection is taken');
  const second = await gateway.callSignedIn({ path: '/api/quick' });
  expect([second.status, second.json.error_code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  waiting[0]?.end('first');
  expect((await first).text).toBe('first');
  const third = gateway.callSignedIn({ path: '/api/customers' });
  await until(() => waiting.length === 2, 'the next request gets through');
  waiting[1]?.end('third');
  expect((await third).text).toBe('third');
  expect(gateway.reached.map(({ url }) => url)).toEqual(['/api/customers', '/api/customers']);
});

test('logs one line per request with its template and nothing personal', async () => {
  const gateway = await startTestGateway({ paths });
  await gateway.callSignedIn({
    path: '/api/customers?search=Ada',
    headers: { 'X-Request-Id': 'logged-0001', 'User-Agent': 'secret-agent' },
  });
  await gateway.call({ path: '/nowhere/Ada' });
  await until(() => gateway.logLines.filter(({ status }) => status !== undefined).length >= 2, 'the lines');
  const line = gateway.logLines.find(({ request_id }) => request_id === 'logged-0001');
  expect(line).toMatchObject({
    method: 'GET',
    route: '/api/customers',
    status: 200,
    actor_id: expect.any(String),
    company_id: expect.any(String),
    ms: expect.any(Number),
  });
  expect(gateway.logLines.some(({ route, status }) => route === 'unmatched' && status === 404)).toBe(true);
  expect(JSON.stringify(gateway.logLines)).not.toMatch(/Ada|secret-agent|127\.0\.0\.1|Bearer|eyJ/);
});
