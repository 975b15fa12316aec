import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openConnection, sendRaw, startTestGateway, until } from './testing/gateway.ts';

const MB = 1024 * 1024;
const paths = {
  auth: { '/auth/login': { post: { open: true, body_limit: 1000 } } },
  customer: {
    '/api/customers': { get: {}, post: { body_limit: MB }, delete: { body_limit: MB } },
    '/api/uploads': { post: { kind: 'upload', body_limit: 12 * MB } },
    '/api/quick': { post: { deadline: 300 } },
  },
};
const fastRateCheck = { rateWindow: 300, minBodyRate: 1000 }; // 300 bytes each 300 ms

describe('an oversized body', () => {
  test('is a 413 by its Content-Length, and the connection stays usable', async () => {
    const gateway = await startTestGateway({ paths });
    const { status, json, headers } = await gateway.callSignedIn({
      method: 'POST',
      path: '/api/customers',
      body: randomBytes(10 * MB),
    });
    expect([status, json.error_code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(gateway.reached).toEqual([]);

    const connection = openConnection(gateway.port);
    connection.send(
      `POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n${'x'.repeat(1001)}GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    await until(connection.closed, 'both responses');
    expect(connection.received()).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 .*healthy/s);
  });

  test('in chunks is a 413 once it exceeds the limit, and the upstream request is ended', async () => {
    let received = 0;
    let broken = false;
    const serve: RequestListener = (req) => {
      req.on('data', (chunk: Buffer) => (received += chunk.length));
      req.once('error', () => (broken = true));
    };
    const gateway = await startTestGateway({ paths, serve: { customer: serve } });
    const connection = openConnection(gateway.port);
    connection.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), randomBytes(65_536), Buffer.from('\r\n')]);
    for (let i = 0; i < 40; i += 1) connection.send(chunk);
    await until(() => connection.received().includes('PAYLOAD_TOO_LARGE'), 'the rejection');
    expect(connection.received()).toMatch(/^HTTP\/1\.1 413/);
    await until(() => broken, 'the end of the upstream request');
    expect(received).toBeLessThanOrEqual(MB + 65_536);

    connection.send('0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until(connection.closed, 'the next response on the connection');
    expect(connection.received()).toContain('healthy');
  });

  test('that never ends is cut off after the lingering close', async () => {
    const gateway = await startTestGateway({ paths, limits: { lingerTimeout: 200 } });
    const connection = openConnection(gateway.port);
    connection.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
    await until(() => connection.received().includes('413'), 'the rejection');
    const more = setInterval(() => connection.send('x'.repeat(100)), 10);
    await until(connection.closed, 'the connection is closed');
    clearInterval(more);
    expect(gateway.reached).toEqual([]);
  });

  test('is rejected before it is sent when the client waits for 100 Continue', async () => {
    const gateway = await startTestGateway({ paths });
    const post = (path: string, authorization: string, length: number) =>
      sendRaw(
        gateway.port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\n${authorization}Expect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
      );
    expect(await post('/auth/login', '', 1001)).toMatch(/^HTTP\/1\.1 413/);
    expect(await post('/api/customers', '', 10)).toMatch(/^HTTP\/1\.1 401/);
    expect(await post('/nowhere', '', 10)).toMatch(/^HTTP\/1\.1 404/);
    expect(gateway.reached).toEqual([]);
  });
});

describe('a body within the limit', () => {
  test('of 10 MB arrives complete, with a length and in chunks', async () => {
    const gateway = await startTestGateway({ paths });
    const body = randomBytes(10 * MB);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect((await gateway.callSignedIn({ method: 'POST', path: '/api/uploads', body })).json).toMatchObject({
      length: body.length,
      sha256,
    });
    const chunked = await gateway.callSignedIn({
      method: 'POST',
      path: '/api/uploads',
      body,
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect(chunked.json).toMatchObject({ length: body.length, sha256 });
    expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('content-length');
  });

  test('is forwarded with DELETE; an absent one stays absent', async () => {
    const gateway = await startTestGateway({ paths });
    expect(
      (
        await gateway.callSignedIn({
          method: 'DELETE',
          path: '/api/customers',
          body: '{"id":[1]}',
          headers: { 'Content-Length': '10' },
        })
      ).json['length'],
    ).toBe(10);
    expect(
      (
        await gateway.callSignedIn({
          method: 'DELETE',
          path: '/api/customers',
          body: '{"id":[1]}',
          headers: { 'Transfer-Encoding': 'chunked' },
        })
      ).json['length'],
    ).toBe(10);
    expect((await gateway.callSignedIn({ method: 'DELETE', path: '/api/customers' })).json['length']).toBe(0);
    const response = await sendRaw(
      gateway.port,
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${gateway.bearer.Authorization}\r\n\r\n`,
    );
    expect(response).toMatch(/^HTTP\/1\.1 200.*"length":0/s);
  });

  test('does not hang when the service responds before reading it', async () => {
    const gateway = await startTestGateway({
      paths,
      serve: { customer: (_req, res) => void res.writeHead(422).end('no') },
    });
    const { status, text } = await gateway.callSignedIn({
      method: 'POST',
      path: '/api/uploads',
      body: randomBytes(8 * MB),
    });
    expect([status, text]).toEqual([422, 'no']);
  });

  test('on GET or HEAD is rejected', async () => {
    const gateway = await startTestGateway({ paths });
    const get = await gateway.callSignedIn({
      method: 'GET',
      path: '/api/customers',
      body: '{}',
      headers: { 'Content-Length': '2' },
    });
    expect([get.status, get.json.error_code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(
      (
        await gateway.callSignedIn({
          method: 'HEAD',
          path: '/api/customers',
          body: '{}',
          headers: { 'Transfer-Encoding': 'chunked' },
        })
      ).status,
    ).toBe(400);
    expect((await gateway.callSignedIn({ path: '/api/customers', headers: { 'Content-Length': '0' } })).status).toBe(
      200,
    );
    expect(gateway.reached.length).toBe(1);
  });
});

describe('a slow body', () => {
  test('is a 408, and the connection is closed', async () => {
    const gateway = await startTestGateway({ paths, limits: fastRateCheck });
    const connection = openConnection(gateway.port);
    connection.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => connection.send('x'), 30);
    await until(connection.closed, 'the rejection');
    clearInterval(drip);
    expect(connection.received()).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s);
    expect(connection.received()).toMatch(/connection: close/i);
    await until(() => gateway.logLines.some(({ status }) => status === 408), 'the log line');
  });

  test('is accepted at the minimum rate, or when the service causes the delay', async () => {
    const slow: RequestListener = (req, res) => {
      setTimeout(() => req.resume(), 1500);
      req.once('end', () => res.end('done'));
    };
    const gateway = await startTestGateway({ paths, limits: fastRateCheck, serve: { customer: slow } });
    const big = await gateway.callSignedIn({ method: 'POST', path: '/api/uploads', body: randomBytes(11 * MB) });
    expect([big.status, big.text]).toEqual([200, 'done']);

    const connection = openConnection(gateway.port);
    connection.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n');
    const began = performance.now();
    for (let sent = 0; sent < 1000;) {
      const bytes = Math.ceil(3 * (performance.now() - began)) - sent; // three times the minimum, however late the timers
      connection.send('x'.repeat(Math.min(bytes, 1000 - sent)));
      sent += bytes;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await until(connection.closed, 'the response');
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200/);
  });

  test('is a 408 at its route’s deadline', async () => {
    const gateway = await startTestGateway({ paths, limits: { rateWindow: 50, minBodyRate: 1 } });
    const connection = openConnection(gateway.port);
    connection.send(
      `POST /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nContent-Length: 1000\r\n\r\n`,
    );
    const drip = setInterval(() => connection.send('x'.repeat(10)), 20);
    await until(connection.closed, 'the rejection');
    clearInterval(drip);
    expect(connection.received()).toMatch(/^HTTP\/1\.1 408/);
  });

  test('unfinished headers are a 408 problem', async () => {
    const gateway = await startTestGateway({ paths, limits: { headersTimeout: 200, connectionsCheckInterval: 50 } });
    const connection = openConnection(gateway.port);
    connection.send('GET /health HTTP/1.1\r\nHost: a\r\n');
    await until(connection.closed, 'the rejection', 8000);
    expect(connection.received()).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json.*REQUEST_TIMEOUT/s);
  });
});

describe('a body that is still arriving', () => {
  const unfinished = 'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345';

  test('is no work in progress and holds no connection to the service: others notice nothing', async () => {
    const limits = { maxUpstreamSockets: 2, maxInFlight: 2 };
    const gateway = await startTestGateway({ paths, limits, settings: { LOGIN_RATE: '100/minute' } });
    const slow = Array.from({ length: 20 }, () => openConnection(gateway.port));
    for (const { send } of slow) send(unfinished);
    for (let n = 0; n < 5; n += 1) {
      const { status } = await gateway.call({ method: 'POST', path: '/auth/login', body: '{}' });
      expect(status).toBe(200);
    }
    expect(gateway.reached.length).toBe(5);
    slow[0]?.send('67890');
    await until(() => slow[0]?.received().includes('"length":10') === true, 'the response to a complete body');
    slow[1]?.socket.destroy();
    await until(() => gateway.logLines.some(({ cut_off }) => cut_off === true), 'the end of a client');
    expect(gateway.reached.length).toBe(6);
  });

  test('is streamed once more than 64 KiB of it have arrived', async () => {
    let received = 0;
    const serve: RequestListener = (req, res) => {
      req.on('data', (chunk: Buffer) => (received += chunk.length));
      req.on('end', () => res.end('done'));
    };
    const gateway = await startTestGateway({ paths, serve: { customer: serve } });
    const connection = openConnection(gateway.port);
    const { Authorization } = gateway.bearer;
    const half = 'x'.repeat(100_000);
    connection.send(
      `POST /api/uploads HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${half}`,
    );
    await until(() => received === 100_000, 'the first half');
    connection.send(half);
    await until(connection.closed, 'the response');
    expect([received, connection.received().endsWith('done')]).toEqual([200_000, true]);
  });

  test('is a 413 in chunks before the service is asked', async () => {
    const gateway = await startTestGateway({ paths });
    const chunked = 'POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const connection = openConnection(gateway.port);
    connection.send(`${chunked}3e9\r\n${'x'.repeat(1001)}\r\n`);
    await until(() => connection.received().includes('PAYLOAD_TOO_LARGE'), 'the rejection');
    expect(gateway.reached).toEqual([]);
  });
});

describe('request smuggling', () => {
  const smuggling: Record<string, string> = {
    'two lengths': 'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x',
    'the same length twice': 'Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}',
    'a list of lengths': 'Content-Length: 2, 2\r\n\r\n{}',
    'a signed length': 'Content-Length: +2\r\n\r\n{}',
    'length and chunks': 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'chunks and length': 'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n',
    'chunked twice': 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'not chunked last': 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
    'an unknown encoding': 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'a space before the colon': 'Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}',
    'a folded header': 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n{}',
    'a bare line feed': 'X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}',
    'a NUL in a header': 'X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}',
    'a broken chunk': 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n',
    'a negative chunk': 'Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n',
  };
  for (const [what, rest] of Object.entries(smuggling)) {
    test(`${what} is a 400, and what follows is never read as a request`, async () => {
      const gateway = await startTestGateway({ paths });
      const connection = openConnection(gateway.port);
      connection.send(`POST /auth/login HTTP/1.1\r\nHost: a\r\n${rest}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until(connection.closed, 'the rejection');
      expect(connection.received()).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*MALFORMED_REQUEST/s);
      expect(connection.received().match(/HTTP\/1\.1 /g)?.length).toBe(1);
      expect(connection.received()).toMatch(/X-Request-Id: /i);
      expect(gateway.logLines.some(({ status }) => status === 404)).toBe(false);
    });
  }

  test('a second transfer coding is a 400', async () => {
    const gateway = await startTestGateway({ paths });
    const { status, json } = await gateway.call({
      method: 'POST',
      path: '/auth/login',
      headers: { 'Transfer-Encoding': 'gzip, chunked' },
      body: '{}',
    });
    expect([status, json.error_code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(gateway.reached).toEqual([]);
  });

  test('headers beyond 16 kB are a 431; other protocols are a 400', async () => {
    const gateway = await startTestGateway({ paths });
    expect(
      await sendRaw(gateway.port, `GET /health HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`),
    ).toMatch(/^HTTP\/1\.1 431 .*problem\+json/s);
    expect(await sendRaw(gateway.port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*problem\+json/s);
    expect(
      await sendRaw(
        gateway.port,
        `GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'a:\r\n'.repeat(3500)}\r\n`,
      ),
    ).toMatch(/^HTTP\/1\.1 200/);
    expect((await gateway.call({ path: '/health' })).status).toBe(200);
  });
});
