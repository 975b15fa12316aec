import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dial, echo, listenOn, nobody, raw, startStreet, until } from './test-street.ts';

const deadline = 300;
const paths = {
  customer: {
    '/api/customers': { get: {}, post: {} },
    '/api/quick': { get: { deadline }, post: { deadline } },
    '/api/events': { get: { kind: 'stream', deadline } },
  },
  product: { '/api/products': { get: {} } },
};

/** A service that speaks no HTTP of its own accord: the test writes each byte. */
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

describe('a service that is away or broken', () => {
  test('is a 503 that names it, with Retry-After, for its own routes only', async () => {
    const url = await nobody();
    const street = await startStreet({ paths, urls: { customer: url } });
    for (const method of ['GET', 'POST']) {
      const { status, headers, json, text } = await street.as({
        method,
        path: '/api/customers',
        body: method === 'POST' ? '{}' : '',
      });
      expect([status, json.error_code, json.detail, headers['retry-after']]).toEqual([
        503,
        'SERVICE_UNAVAILABLE',
        'The customer service does not answer',
        '2',
      ]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(json.request_id).toBe(headers['x-request-id']);
      expect(text + JSON.stringify(headers)).not.toMatch(/127\.0\.0\.1|ECONN|at .*\.ts|stack/);
    }
    expect((await street.as({ path: '/api/products' })).status).toBe(200);

    // It comes back on the same port, and the gateway needs nobody to tell it.
    await listenOn(echo, Number(new URL(url).port));
    expect((await street.as({ path: '/api/customers' })).status).toBe(200);
  });

  test('that hangs is a 504 after the deadline of the route, and its call is ended', async () => {
    let hanging = 0;
    const hang: RequestListener = (req, res) => {
      hanging += 1;
      req.resume();
      res.once('close', () => (hanging -= 1));
    };
    const street = await startStreet({ paths, serve: { customer: hang } });
    const { status, headers, json, text } = await street.as({ path: '/api/quick' });
    expect([status, json.error_code, json.detail, headers['retry-after']]).toEqual([
      504,
      'UPSTREAM_TIMEOUT',
      'The customer service did not answer in time',
      '2',
    ]);
    expect(text).not.toContain('127.0.0.1');
    expect((await street.as({ method: 'POST', path: '/api/quick', body: '{}' })).status).toBe(504);
    await until(() => hanging === 0, 'the hanging calls are ended');
  });

  test('that sends its headers and then nothing is a 504 with none of them', async () => {
    const service = await rawService((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "1"\r\n\r\n'),
    );
    const street = await startStreet({ paths, urls: { customer: service.url } });
    const { status, headers, json } = await street.as({ path: '/api/quick' });
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
    test(`that answers ${what} is a 502`, async () => {
      const service = await rawService((socket) => socket.end(bytes));
      const street = await startStreet({ paths, urls: { customer: service.url } });
      const { status, headers, json, text } = await street.as({ method: 'POST', path: '/api/quick', body: '{}' });
      expect([status, json.error_code, headers['retry-after']]).toEqual([502, 'SERVICE_UNAVAILABLE', '2']);
      expect(json.detail).toContain('customer service');
      expect(text).not.toMatch(/HPE_|127\.0\.0\.1|socket hang up/);
      expect(service.requests.length).toBe(1);
    });
  }

  test('a strange reason phrase does not pass, nor harm', async () => {
    const service = await rawService((socket) => socket.write('HTTP/1.1 200 \u0001<b>\r\nContent-Length: 2\r\n\r\nhi'));
    const street = await startStreet({ paths, urls: { customer: service.url } });
    expect([200, 502]).toContain((await street.as({ path: '/api/customers' })).status);
    expect((await street.call({ path: '/health' })).status).toBe(200);
  });

  test('that trickles past its deadline, or whose answer nobody reads, is cut off', async () => {
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
    const street = await startStreet({ paths, limits: { rate_window: 200 }, serve: { customer: serve } });
    await expect(street.as({ path: '/api/quick' })).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    await until(() => alive.size === 0, 'the trickling answer is ended');

    const line = dial(street.port);
    line.socket.pause();
    line.send(
      `POST /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nContent-Length: 0\r\n\r\n`,
    );
    await until(() => alive.size === 1, 'the answer is on its way');
    await until(() => alive.size === 0, 'the answer that nobody reads is ended');
  });

  test('that breaks off in the middle of its answer breaks the connection: nobody takes half for the whole', async () => {
    const service = await rawService((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setTimeout(() => socket.destroy(), 30);
    });
    const street = await startStreet({ paths, urls: { customer: service.url } });
    const line = dial(street.port);
    line.send(`GET /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\n\r\n`);
    await until(line.closed, 'the connection is closed');
    expect(line.received()).toMatch(/half$/);

    const chunked = await rawService((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
      setTimeout(() => socket.destroy(), 30);
    });
    const other = await startStreet({ paths, urls: { customer: chunked.url } });
    await expect(other.as({ path: '/api/customers' })).rejects.toThrow(/aborted|hang up|ECONNRESET/);
  });
});

describe('a kept connection that the service closed under a request', () => {
  // The first request is answered, the second finds its connection closed without a byte.
  const closing = () =>
    rawService((socket, _request, count) => {
      if (count === 2) socket.destroy();
      else socket.write(ok('ok'));
    });
  test('is no matter for a GET, which is sent once more', async () => {
    const service = await closing();
    const street = await startStreet({ paths, urls: { customer: service.url } });
    expect((await street.as({ path: '/api/customers' })).text).toBe('ok');
    expect((await street.as({ path: '/api/customers' })).text).toBe('ok');
    expect(service.requests.length).toBe(3);
  });
  test('is a 502 for a POST, which is sent once only', async () => {
    const service = await closing();
    const street = await startStreet({ paths, urls: { customer: service.url } });
    expect((await street.as({ path: '/api/customers' })).text).toBe('ok');
    expect((await street.as({ method: 'POST', path: '/api/customers', body: '{}' })).status).toBe(502);
    expect(service.requests.length).toBe(2);
  });
  test('is tried once more only, though other kept connections may be no better', async () => {
    const waiting: Socket[] = [];
    const service = await rawService((socket, _request, count) => {
      if (count > 3) socket.destroy();
      else waiting.push(socket);
      if (count === 3) for (const each of waiting) each.write(ok('ok'));
    });
    const street = await startStreet({ paths, urls: { customer: service.url } });
    const get = () => street.as({ path: '/api/customers' });
    expect((await Promise.all([get(), get(), get()])).map(({ text }) => text)).toEqual(['ok', 'ok', 'ok']);
    expect((await get()).status).toBe(502);
    expect(service.requests.length).toBe(5);
  });
});

describe('an answer', () => {
  test("loses what is the service's own affair, keeps the rest, and carries the request id", async () => {
    const serve: RequestListener = (_req, res) => {
      res.writeHead(201, 'Done by Hand', {
        Server: 'secret/1',
        'X-Powered-By': 'Express',
        'X-Service-Key': 'k',
        'X-User-Id': 'u',
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
    const street = await startStreet({ paths, serve: { customer: serve } });
    const answer = await street.as({ path: '/api/customers', headers: { 'X-Request-Id': 'ours-0001' } });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      etag: '"7"',
      'set-cookie': ['a=1', 'b=2'],
      'retry-after': '9',
      'x-request-id': 'ours-0001',
    });
    for (const name of ['server', 'x-powered-by', 'x-service-key', 'x-user-id', 'x-internal-host', 'x-hop'])
      expect(answer.headers).not.toHaveProperty(name);
    const health = await street.call({ path: '/health' });
    expect(health.headers).not.toHaveProperty('x-powered-by');
  });

  test('keeps or closes the connection as the caller asked, whatever the service does with its own', async () => {
    const street = await startStreet({
      paths,
      serve: { customer: (_req, res) => res.setHeader('Connection', 'close').end('x') },
    });
    const get = (more: string) =>
      `GET /api/customers HTTP/1.1\r\nHost: a\r\n${more}Authorization: ${street.bearer.Authorization}\r\n\r\n`;
    const line = dial(street.port);
    line.send(get(''));
    await until(() => /\r\n\r\n.*x/s.test(line.received()), 'the first answer');
    line.send(get('Connection: close\r\n'));
    await until(line.closed, 'the connection is closed after the second');
    expect(line.received().match(/HTTP\/1\.1 200/g)?.length).toBe(2);
    expect(await raw(street.port, get('').replace('HTTP/1.1', 'HTTP/1.0'))).toMatch(/^HTTP\/1\.1 200.*x$/s);
  });

  test('streams through as it comes', async () => {
    let res: ServerResponse | undefined;
    const street = await startStreet({
      paths,
      limits: { idle: 400 },
      serve: {
        customer: (_req, it) => {
          res = it;
          res.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
        },
      },
    });
    const line = dial(street.port);
    line.send(`GET /api/events HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\n\r\n`);
    await until(() => /text\/event-stream.*\r\n\r\n/s.test(line.received()), 'the headers arrive before any body');
    const began = Date.now();
    for (let i = 0; Date.now() - began < 3 * deadline; i += 1) {
      res?.write(`data: ${i}\n\n`);
      await until(() => line.received().includes(`data: ${i}\n`), `event ${i} arrives before the next is written`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(line.closed()).toBe(false); // long past the deadline, which a stream does not have
    await until(line.closed, 'a stream in which nothing moves is ended');
  });

  test('of 20 MB arrives whole, also to a slow reader past the deadline', async () => {
    const big = randomBytes(20 * 1024 * 1024);
    const street = await startStreet({
      paths,
      limits: { rate_window: 1000 },
      serve: { customer: (_req, res) => void res.end(big) },
    });
    const line = dial(street.port);
    const sum = createHash('sha256');
    let got = -1;
    let head = Buffer.alloc(0);
    line.socket.removeAllListeners('data');
    line.socket.on('data', (chunk) => {
      if (got < 0) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        chunk = head.subarray(end + 4);
        got = 0;
      }
      sum.update(chunk);
      got += chunk.length;
      line.socket.pause();
      setTimeout(() => line.socket.resume(), 2);
    });
    const began = Date.now();
    line.send(`GET /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\n\r\n`);
    await until(() => got >= big.length || line.closed(), 'all of it', 20_000);
    expect(got).toBe(big.length);
    expect(Date.now() - began).toBeGreaterThan(deadline);
    expect(sum.digest('hex')).toBe(createHash('sha256').update(big).digest('hex'));
  });
});

describe('a caller that goes away', () => {
  test('takes the call to the service with it, before and in the middle of the answer', async () => {
    const alive = new Set<IncomingMessage>();
    let began = 0;
    const serve: RequestListener = (req, res) => {
      began += 1;
      alive.add(req);
      res.once('close', () => alive.delete(req));
      if (req.url === '/api/events') res.write('data: 1\n\n');
    };
    const street = await startStreet({ paths, serve: { customer: serve } });
    for (const [at, path] of ['/api/customers', '/api/events'].entries()) {
      const line = dial(street.port);
      line.send(`GET ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\n\r\n`);
      await until(
        () => began === at + 1 && (at === 0 || line.received().includes('data: 1')),
        'the service is at work',
      );
      line.socket.destroy();
      await until(() => alive.size === 0, 'the service sees that nobody waits');
    }
    await until(() => street.lines.filter((line) => line['cut_off'] === true).length === 2, 'the log says so');
    expect(street.lines.every(({ level }) => level === 'info')).toBe(true);
  });

  test('in the middle of its body leaves no half request behind', async () => {
    let broken = 0;
    const serve: RequestListener = (req) => {
      req.resume();
      req.once('error', () => (broken += 1));
    };
    const street = await startStreet({ paths, serve: { customer: serve } });
    const line = dial(street.port);
    line.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nContent-Length: 100\r\n\r\nhalf`,
    );
    await until(() => street.reached.length === 1, 'the request is on its way');
    line.socket.destroy();
    await until(() => broken === 1, 'the service sees that the body broke off');
    expect(street.reached.length).toBe(1);
  });
});

test('a request that waits for a free connection in vain is a 503, and is never sent later', async () => {
  const waiting: ServerResponse[] = [];
  const street = await startStreet({
    paths,
    limits: { upstream_sockets: 1 },
    serve: { customer: (_req, res) => void waiting.push(res) },
  });
  const first = street.as({ path: '/api/customers' });
  await until(() => waiting.length === 1, 'the only connection is taken');
  const second = await street.as({ path: '/api/quick' });
  expect([second.status, second.json.error_code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  waiting[0]?.end('first');
  expect((await first).text).toBe('first');
  const third = street.as({ path: '/api/customers' });
  await until(() => waiting.length === 2, 'the next request gets through');
  waiting[1]?.end('third');
  expect((await third).text).toBe('third');
  expect(street.reached.map(({ url }) => url)).toEqual(['/api/customers', '/api/customers']);
});

test('one line is logged for each request, with its template and without anything of the caller', async () => {
  const street = await startStreet({ paths });
  await street.as({
    path: '/api/customers?search=Ada',
    headers: { 'X-Request-Id': 'logged-0001', 'User-Agent': 'secret-agent' },
  });
  await street.call({ path: '/nowhere/Ada' });
  await until(() => street.lines.filter(({ status }) => status !== undefined).length >= 2, 'the lines');
  const line = street.lines.find(({ request_id }) => request_id === 'logged-0001');
  expect(line).toMatchObject({
    method: 'GET',
    route: '/api/customers',
    status: 200,
    actor_id: expect.any(String),
    company_id: expect.any(String),
    ms: expect.any(Number),
  });
  expect(street.lines.some(({ route, status }) => route === 'unmatched' && status === 404)).toBe(true);
  expect(JSON.stringify(street.lines)).not.toMatch(/Ada|secret-agent|127\.0\.0\.1|Bearer|eyJ/);
});
