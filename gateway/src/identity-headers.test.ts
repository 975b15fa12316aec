import { describe, expect, test } from 'vitest';
import {
  call,
  company_id,
  openConnection,
  sendRaw,
  session_id,
  startTestGateway,
  until,
  user_id,
} from './testing/gateway.ts';

const paths = {
  customer: { '/api/customers': { get: {}, post: {} } },
  auth: { '/auth/login': { post: { open: true } } },
};

const forged = 'deadbeef-0000-4000-8000-000000000000';
const names = [
  'User-Id',
  'User-Role',
  'Company-Id',
  'Session-Id',
  'Client-Ip',
  'Service-Key',
  'Forwarded-For',
  'Forwarded-Host',
  'Real-Ip',
  'User-Name',
];
const spellings = (name: string) => [
  `X-${name}`,
  `x-${name}`.toLowerCase(),
  `X-${name}`.toUpperCase(),
  `X_${name}`.replaceAll('-', '_'),
  `x_${name}`.toLowerCase().replaceAll('-', '_'),
  `X-${name}`.replace(/-(?=[^-]*$)/, '_'),
  `HTTP_X_${name}`.toUpperCase().replaceAll('-', '_'),
];

const everySpelling = names.flatMap(spellings).map((name) => `${name}: ${forged}`);

describe('forged identity headers', () => {
  const attacks: Record<string, string[]> = {
    'in every spelling': everySpelling,
    doubled: everySpelling.flatMap((line) => [line, line]),
    'named by Connection': [...everySpelling, `Connection: ${names.map((name) => `X-${name}`).join(', ')}`],
    'with ours named by Connection': [
      `Connection: close, x-user-id, X-Company-Id, x-service-key, x-request-id, x-client-ip, content-length`,
    ],
    'with Expect': [...everySpelling, 'Expect: 100-continue'],
    'with an unknown Expect': [...everySpelling, 'Expect: miracles'],
    'with an Upgrade': [...everySpelling, 'Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAA'],
    'and forwarding headers': [
      'Forwarded: for=6.6.6.6',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Proto: https',
      'Via: 1.1 evil',
      'True-Client-Ip: 6.6.6.6',
      'X-Original-Url: /internal/x',
      'X-Http-Method-Override: DELETE',
      'X-Rewrite-Url: /internal',
    ],
    'and hop-by-hop headers': [
      'Keep-Alive: timeout=1',
      'Proxy-Authorization: Basic x',
      'Proxy-Connection: keep-alive',
      'TE: trailers',
      'Trailer: X-User-Id',
    ],
  };
  for (const [how, lines] of Object.entries(attacks)) {
    test(`${how} never reach a service`, async () => {
      const gateway = await startTestGateway({ paths });
      for (const [path, authorization] of [
        ['/auth/login', ''],
        ['/api/customers', `Authorization: ${gateway.bearer.Authorization}\r\n`],
      ]) {
        const connection = openConnection(gateway.port);
        connection.send(
          `POST ${path} HTTP/1.1\r\nHost: evil.example\r\n${authorization}Content-Type: application/json\r\nContent-Length: 2\r\n${lines.map((text) => `${text}\r\n`).join('')}\r\n`,
        );
        if (lines.includes('Expect: 100-continue'))
          await until(() => connection.received().startsWith('HTTP/1.1 100 Continue\r\n\r\n'), '100 Continue');
        connection.send('{}');
        await until(() => connection.received().includes('"sha256"'), `the response of ${path}`);

        const { headers, raw: lists } = gateway.reached.at(-1) ?? { headers: {}, raw: [] };
        expect(JSON.stringify(lists)).not.toMatch(/deadbeef|6\.6\.6\.6|evil/);
        const receivedNames = lists.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
        const ours = ['x-user-id', 'x-user-role', 'x-session-id', 'x-company-id'];
        const always = [
          'connection',
          'content-length',
          'content-type',
          'host',
          'x-client-ip',
          'x-request-id',
          'x-request-timeout',
          'x-service-key',
        ];
        expect(receivedNames.toSorted()).toEqual([...always, ...(authorization ? ours : [])].toSorted());
        expect(headers).toMatchObject({
          'content-length': '2',
          'x-client-ip': '127.0.0.1',
          'x-service-key': gateway.serviceKey,
          ...(authorization && {
            'x-user-id': user_id,
            'x-user-role': 'admin',
            'x-session-id': session_id,
            'x-company-id': company_id,
          }),
        });
        connection.socket.destroy();
      }
    });
  }

  test('a trailer is never read as a header', async () => {
    const gateway = await startTestGateway({ paths });
    const response = await sendRaw(
      gateway.port,
      `POST /auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-User-Id\r\n\r\n2\r\n{}\r\n0\r\nX-User-Id: ${forged}\r\n\r\n`,
    );
    expect(response).toMatch(/^HTTP\/1\.1 200/);
    expect(response).not.toContain('deadbeef');
    expect(JSON.stringify(gateway.reached)).not.toContain('deadbeef');
  });
});

test('forwards the allow-listed headers, never the token or cookies', async () => {
  const gateway = await startTestGateway({ paths });
  const allowed = {
    accept: 'application/json',
    'accept-language': 'es',
    'content-type': 'application/json; charset=utf-8',
    'idempotency-key': 'abc-123',
    'if-match': '"3"',
    'if-none-match': '"4"',
    range: 'bytes=0-1',
    'user-agent': 'test/1',
  };
  await gateway.callSignedIn({
    method: 'POST',
    path: '/api/customers',
    headers: { ...allowed, Cookie: 'a=b', Origin: 'http://x', 'X-Other': 'y' },
    body: '{}',
  });
  const { headers } = gateway.reached.at(-1) ?? { headers: {} };
  expect(headers).toMatchObject(allowed);
  for (const name of ['authorization', 'cookie', 'origin', 'x-other']) expect(headers).not.toHaveProperty(name);

  // Drops a header that Connection names: it is meant for this hop only.
  await gateway.callSignedIn({
    path: '/api/customers',
    headers: { 'If-Match': '"3"', Accept: 'a/b', Connection: 'close, If-Match' },
  });
  expect(gateway.reached.at(-1)?.headers['accept']).toBe('a/b');
  expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('if-match');
});

test('keeps a well-formed request id, else creates one, and returns it in every response', async () => {
  const gateway = await startTestGateway({ paths });
  const idOf = async (headers: Record<string, string | string[]>, path = '/api/customers') => {
    const response = await gateway.callSignedIn({ path, headers });
    const id = response.headers['x-request-id'];
    const upstreamId = path === '/api/customers' ? gateway.reached.at(-1)?.headers['x-request-id'] : id;
    return upstreamId === id ? id : 'the service received another id';
  };
  expect(await idOf({ 'X-Request-Id': 'my-request_1' })).toBe('my-request_1');
  expect(await idOf({ 'X-Trace-Id': 'my-trace_01' })).toBe('my-trace_01');
  expect(await idOf({ 'X-Request-Id': 'short' })).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf({ 'X-Request-Id': 'with space here' })).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf({ 'X-Request-Id': ['first-one-1', 'second-one-2'] })).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf({ 'X-Request-Id': 'kept-on-404' }, '/nowhere')).toBe('kept-on-404');
  expect(await idOf({ 'X-Request-Id': 'kept-on-health' }, '/health')).toBe('kept-on-health');
});

describe('the client address', () => {
  const ipFor = async (trust: string | undefined, forwarded: string | string[] | undefined) => {
    const gateway = await startTestGateway({ paths, settings: trust === undefined ? {} : { TRUST_PROXY: trust } });
    await call(gateway.port, {
      method: 'POST',
      path: '/auth/login',
      headers: { ...(forwarded && { 'X-Forwarded-For': forwarded }), 'X-Client-Ip': '6.6.6.6' },
    });
    return gateway.reached.at(-1)?.headers['x-client-ip'];
  };
  test('is the socket address by default, and the one trusted proxies report with TRUST_PROXY', async () => {
    expect(await ipFor(undefined, '6.6.6.6')).toBe('127.0.0.1');
    expect(await ipFor('0', '6.6.6.6')).toBe('127.0.0.1');
    expect(await ipFor('1', undefined)).toBe('127.0.0.1');
    expect(await ipFor('1', '6.6.6.6, 203.0.113.7')).toBe('203.0.113.7');
    expect(await ipFor('2', '6.6.6.6, 203.0.113.7, 10.0.0.1')).toBe('203.0.113.7');
    expect(await ipFor('1', ['6.6.6.6', '203.0.113.7'])).toBe('203.0.113.7');
    expect(await ipFor('127.0.0.0/8', '6.6.6.6, 203.0.113.7')).toBe('203.0.113.7');
    expect(await ipFor('127.0.0.1, 203.0.113.0/24', '6.6.6.6, 203.0.113.7')).toBe('6.6.6.6');
    expect(await ipFor('10.0.0.0/8', '6.6.6.6')).toBe('127.0.0.1');
  });
  test('is normalized; an invalid one is ignored', async () => {
    expect(await ipFor('1', '::ffff:203.0.113.7')).toBe('203.0.113.7');
    expect(await ipFor('1', '2001:db8::1')).toBe('2001:db8::1');
    expect(await ipFor('1', 'unknown')).toBe('127.0.0.1');
    expect(await ipFor('1', '6.6.6.6, <script>')).toBe('127.0.0.1');
  });
});
