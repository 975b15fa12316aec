import { createHash, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { dial, raw, startStreet, until } from './test-street.ts';

const MB = 1024 * 1024;
const paths = {
  auth: { '/auth/login': { post: { open: true, body_limit: 1000 } } },
  customer: {
    '/api/customers': { get: {}, post: { body_limit: MB }, delete: { body_limit: MB } },
    '/api/uploads': { post: { kind: 'upload', body_limit: 12 * MB } },
    '/api/quick': { post: { deadline: 300 } },
  },
};
const watched = { rate_window: 300, least_rate: 1000 }; // 300 bytes each 300 ms

describe('a body that is too large', () => {
  test('is a 413 at once by its Content-Length, and the connection can be used on', async () => {
    const street = await startStreet({ paths });
    const { status, json, headers } = await street.as({
      method: 'POST',
      path: '/api/customers',
      body: randomBytes(10 * MB),
    });
    expect([status, json.error_code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(street.reached).toEqual([]);

    const line = dial(street.port);
    line.send(
      `POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n${'x'.repeat(1001)}GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    await until(line.closed, 'both answers');
    expect(line.received()).toMatch(/^HTTP\/1\.1 413 .*HTTP\/1\.1 200 .*healthy/s);
  });

  test("in chunks is a 413 as soon as it is, and the service's call is ended", async () => {
    let seen = 0;
    let broken = false;
    const serve: RequestListener = (req) => {
      req.on('data', (chunk: Buffer) => (seen += chunk.length));
      req.once('error', () => (broken = true));
    };
    const street = await startStreet({ paths, serve: { customer: serve } });
    const line = dial(street.port);
    line.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), randomBytes(65_536), Buffer.from('\r\n')]);
    for (let i = 0; i < 40; i += 1) line.send(chunk);
    await until(() => line.received().includes('PAYLOAD_TOO_LARGE'), 'the refusal');
    expect(line.received()).toMatch(/^HTTP\/1\.1 413/);
    await until(() => broken, "the service's call is ended");
    expect(seen).toBeLessThanOrEqual(MB + 65_536);

    line.send('0\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await until(line.closed, 'the connection is used on');
    expect(line.received()).toContain('healthy');
  });

  test('that never ends does not hold its connection for ever', async () => {
    const street = await startStreet({ paths, limits: { linger_time: 200 } });
    const line = dial(street.port);
    line.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n');
    await until(() => line.received().includes('413'), 'the refusal');
    const more = setInterval(() => line.send('x'.repeat(100)), 10);
    await until(line.closed, 'the connection is closed');
    clearInterval(more);
    expect(street.reached).toEqual([]);
  });

  test('is refused before it is sent when the caller waits for 100 Continue', async () => {
    const street = await startStreet({ paths });
    const ask = (path: string, authorization: string, length: number) =>
      raw(
        street.port,
        `POST ${path} HTTP/1.1\r\nHost: a\r\n${authorization}Expect: 100-continue\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
      );
    expect(await ask('/auth/login', '', 1001)).toMatch(/^HTTP\/1\.1 413/);
    expect(await ask('/api/customers', '', 10)).toMatch(/^HTTP\/1\.1 401/);
    expect(await ask('/nowhere', '', 10)).toMatch(/^HTTP\/1\.1 404/);
    expect(street.reached).toEqual([]);
  });
});

describe('a body that fits', () => {
  test('of 10 MB arrives whole, with a length and in chunks', async () => {
    const street = await startStreet({ paths });
    const body = randomBytes(10 * MB);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect((await street.as({ method: 'POST', path: '/api/uploads', body })).json).toMatchObject({
      length: body.length,
      sha256,
    });
    const chunked = await street.as({
      method: 'POST',
      path: '/api/uploads',
      body,
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    expect(chunked.json).toMatchObject({ length: body.length, sha256 });
    expect(street.reached.at(-1)?.headers).not.toHaveProperty('content-length');
  });

  test('goes along with DELETE, and an absent one is none', async () => {
    const street = await startStreet({ paths });
    expect(
      (
        await street.as({
          method: 'DELETE',
          path: '/api/customers',
          body: '{"id":[1]}',
          headers: { 'Content-Length': '10' },
        })
      ).json['length'],
    ).toBe(10);
    expect(
      (
        await street.as({
          method: 'DELETE',
          path: '/api/customers',
          body: '{"id":[1]}',
          headers: { 'Transfer-Encoding': 'chunked' },
        })
      ).json['length'],
    ).toBe(10);
    expect((await street.as({ method: 'DELETE', path: '/api/customers' })).json['length']).toBe(0);
    const line = await raw(
      street.port,
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${street.bearer.Authorization}\r\n\r\n`,
    );
    expect(line).toMatch(/^HTTP\/1\.1 200.*"length":0/s);
  });

  test('answered before it was sent whole does not hang', async () => {
    const street = await startStreet({ paths, serve: { customer: (_req, res) => void res.writeHead(422).end('no') } });
    const { status, text } = await street.as({ method: 'POST', path: '/api/uploads', body: randomBytes(8 * MB) });
    expect([status, text]).toEqual([422, 'no']);
  });

  test('on GET or HEAD is refused', async () => {
    const street = await startStreet({ paths });
    const get = await street.as({
      method: 'GET',
      path: '/api/customers',
      body: '{}',
      headers: { 'Content-Length': '2' },
    });
    expect([get.status, get.json.error_code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(
      (
        await street.as({
          method: 'HEAD',
          path: '/api/customers',
          body: '{}',
          headers: { 'Transfer-Encoding': 'chunked' },
        })
      ).status,
    ).toBe(400);
    expect((await street.as({ path: '/api/customers', headers: { 'Content-Length': '0' } })).status).toBe(200);
    expect(street.reached.length).toBe(1);
  });
});

describe('a body that comes too slowly', () => {
  test('is a 408, and the connection is closed', async () => {
    const street = await startStreet({ paths, limits: watched });
    const line = dial(street.port);
    line.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    const drip = setInterval(() => line.send('x'), 30);
    await until(line.closed, 'the refusal');
    clearInterval(drip);
    expect(line.received()).toMatch(/^HTTP\/1\.1 408 .*REQUEST_TIMEOUT/s);
    expect(line.received()).toMatch(/connection: close/i);
    await until(() => street.lines.some(({ status }) => status === 408), 'the log line');
  });

  test('is no matter when it is fast enough, or the service is slow to take it', async () => {
    const slow: RequestListener = (req, res) => {
      setTimeout(() => req.resume(), 1500);
      req.once('end', () => res.end('taken'));
    };
    const street = await startStreet({ paths, limits: watched, serve: { customer: slow } });
    const big = await street.as({ method: 'POST', path: '/api/uploads', body: randomBytes(11 * MB) });
    expect([big.status, big.text]).toEqual([200, 'taken']);

    const line = dial(street.port);
    line.send('POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n');
    for (let sent = 0; sent < 1000; sent += 50) {
      line.send('x'.repeat(50));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    await until(line.closed, 'the answer');
    expect(line.received()).toMatch(/^HTTP\/1\.1 200/);
  });

  test('is a 408 at the deadline of its route too', async () => {
    const street = await startStreet({ paths, limits: { rate_window: 50, least_rate: 1 } });
    const line = dial(street.port);
    line.send(
      `POST /api/quick HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nContent-Length: 1000\r\n\r\n`,
    );
    const drip = setInterval(() => line.send('x'.repeat(10)), 20);
    await until(line.closed, 'the refusal');
    clearInterval(drip);
    expect(line.received()).toMatch(/^HTTP\/1\.1 408/);
  });

  test('headers that never end are a 408 problem', async () => {
    const street = await startStreet({ paths, limits: { headers_time: 200, checking_interval: 50 } });
    const line = dial(street.port);
    line.send('GET /health HTTP/1.1\r\nHost: a\r\n');
    await until(line.closed, 'the refusal', 8000);
    expect(line.received()).toMatch(/^HTTP\/1\.1 408 .*application\/problem\+json.*REQUEST_TIMEOUT/s);
  });
});

describe('what two programs could read differently', () => {
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
    test(`${what} is a 400, and nothing after it is taken for a request`, async () => {
      const street = await startStreet({ paths });
      const line = dial(street.port);
      line.send(`POST /auth/login HTTP/1.1\r\nHost: a\r\n${rest}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      await until(line.closed, 'the refusal');
      expect(line.received()).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*MALFORMED_REQUEST/s);
      expect(line.received().match(/HTTP\/1\.1 /g)?.length).toBe(1);
      expect(line.received()).toMatch(/X-Request-Id: /i);
      expect(street.lines.some(({ status }) => status === 404)).toBe(false);
    });
  }

  test('a coding under the chunks is a 400', async () => {
    const street = await startStreet({ paths });
    const { status, json } = await street.call({
      method: 'POST',
      path: '/auth/login',
      headers: { 'Transfer-Encoding': 'gzip, chunked' },
      body: '{}',
    });
    expect([status, json.error_code]).toEqual([400, 'MALFORMED_REQUEST']);
    expect(street.reached).toEqual([]);
  });

  test('headers beyond 16 kB are a 431, what is no HTTP a 400', async () => {
    const street = await startStreet({ paths });
    expect(await raw(street.port, `GET /health HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 .*problem\+json/s,
    );
    expect(await raw(street.port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*problem\+json/s);
    expect(
      await raw(street.port, `GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${'a:\r\n'.repeat(3500)}\r\n`),
    ).toMatch(/^HTTP\/1\.1 200/);
    expect((await street.call({ path: '/health' })).status).toBe(200);
  });
});
