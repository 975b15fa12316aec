import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openConnection, startTestGateway, until } from './testing/gateway.ts';

const paths = {
  auth: { '/auth/login': { post: { open: true } } },
  customer: {
    '/api/customers': { get: {}, post: {}, delete: {} },
    '/api/customers/{id}': { get: {}, patch: {} },
  },
};

/** Follows each form. It is answered when the connection is still good, and never when it is not. */
const following = 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** Must never be read as a request. */
const smuggled = 'GET /api/customers/smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

type Form = {
  name: string;
  raw: string;
  /** The statuses of all responses. A final 200 is that of the request that follows. */
  statuses: number[];
};

const get = (target: string, version = 'HTTP/1.1') => `GET ${target} ${version}\r\nHost: a\r\n\r\n`;
const withHeaders = (...lines: string[]) => `GET /health HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
const post = (headers: string, body = '') => `POST /auth/login HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`;
/** Forms with the same statuses, by name. */
const forms = (statuses: number[], raws: Record<string, string>): Form[] =>
  Object.entries(raws).map(([name, raw]) => ({ name, raw, statuses }));
const each = <T extends string>(values: readonly T[], raw: (value: T) => string): Record<string, string> =>
  Object.fromEntries(values.map((value) => [JSON.stringify(value), raw(value)]));

const requestLines: Form[] = [
  ...forms([200, 200], {
    'HTTP/1.1': get('/health'),
    'an empty line before it': `\r\n${get('/health')}`,
    HEAD: get('/health').replace('GET', 'HEAD'),
    'a trailing slash': get('/health/'),
    'a query': get('/health?a=b'),
    'a query with every visible character': get('/health?!$&\'()*+,-./:;<=>?@[]^_`{|}~"\\'),
  }),
  ...forms([200], {
    'HTTP/1.0': get('/health', 'HTTP/1.0'),
    'RTSP/1.0, which the parser takes for HTTP/1.0': get('/health', 'RTSP/1.0'),
    'HTTP/1.0 without Host': 'GET /health HTTP/1.0\r\n\r\n',
  }),
  ...forms([505], {
    'HTTP/0.9 as a version': get('/health', 'HTTP/0.9'),
    'HTTP/0.9 without a version': 'GET /health\r\n\r\n',
    'HTTP/0.9 without a version, POST': 'POST /auth/login\r\n\r\n',
    'HTTP/2.0': get('/health', 'HTTP/2.0'),
    'HTTP/2.0 with a body': post('Content-Length: 2', '{}').replace('HTTP/1.1', 'HTTP/2.0'),
  }),
  ...forms(
    [400],
    each(
      [
        'HTTP/1.2',
        'HTTP/3.0',
        'HTTP/1',
        'HTTP/11',
        'HTTP/1.10',
        'HTTP/01.1',
        'HTTP/1.1 ',
        'http/1.1',
        'HTTP 1.1',
        'HTTPS/1.1',
        'ICY/1.0',
        'HTTP/-1.1',
        'HTTP/1.1x',
        'HTTP/x.y',
      ],
      (version) => get('/health', version),
    ),
  ),
  ...forms([400], {
    'bare line feeds': get('/health').replaceAll('\r\n', '\n'),
    'bytes beyond ASCII': get('/health?é'),
    'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'a method with a space before it': ` ${get('/health')}`,
    'a method with a tab after it': get('/health').replace('GET ', 'GET\t'),
    'a method with a control character': get('/health').replace('GET', 'G\u0001T'),
    'no target': get('').replace('  ', ' '),
    'a space within the target': get('/health a'),
    'a tab within the target': get('/health\ta'),
    'NUL within the target': get('/health\u0000'),
    'a carriage return within the target': get('/health\ra'),
    'no method': '/health HTTP/1.1\r\nHost: a\r\n\r\n',
    'a status line': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'a TLS handshake': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n',
    SSH: 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'a PROXY line': `PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n${get('/health')}`,
    'null bytes': '\u0000\u0000\u0000\u0000\r\n\r\n',
    JSON: '{"jsonrpc":"2.0"}\r\n\r\n',
  }),
  ...forms([400, 200], {
    'an asterisk': get('*'),
    'OPTIONS of an asterisk': get('*').replace('GET', 'OPTIONS'),
    'a fragment': get('/health#x'),
    'an absolute form of another host': get('http://elsewhere/health'),
  }),
  // Node's parser cannot go on after a method that it does not know, so the connection closes.
  ...forms([405], {
    'a lower-case method': get('/health').replace('GET', 'get'),
    'an unknown method': get('/health').replace('GET', 'STEAL'),
  }),
  ...forms([404], { 'an unknown method and path': get('/nowhere').replace('GET', 'STEAL') }),
  ...forms([414, 200], { 'a target of 8 kB': get(`/health?${'a'.repeat(8200)}`) }),
  ...forms([404, 200], {
    'two slashes': get('//health'),
    'an unknown path': get('/nowhere'),
    'upper case': get('/HEALTH'),
    'dot segments': get('/x/../health'),
    'encoded dot segments': get('/%2e%2e/health'),
    'an encoded slash': get('/api%2Fcustomers'),
    'a backslash': get('\\health').replace('GET ', 'GET /'),
    'a semicolon': get('/health;a=b'),
  }),
  ...forms([204, 200], { OPTIONS: get('/health').replace('GET', 'OPTIONS') }),
  ...forms(
    [405, 200],
    each(
      [
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'TRACE',
        'PROPFIND',
        'MKCOL',
        'LOCK',
        'PURGE',
        'REPORT',
        'SEARCH',
        'QUERY',
        'M-SEARCH',
      ],
      (method) => get('/health').replace('GET', method),
    ),
  ),
];

const hosts: Form[] = [
  ...forms([200, 200], {
    'a Host with a port': withHeaders('Host: a:8080'),
    'an IPv6 Host': withHeaders('Host: [::1]:8080'),
    'an empty Host': withHeaders('Host:'),
    'a Host in lower case': withHeaders('host: a'),
  }),
  ...forms([400, 200], {
    'no Host': withHeaders('Accept: */*'),
    'two Hosts': withHeaders('Host: a', 'Host: b'),
    'the same Host twice': withHeaders('Host: a', 'Host: a'),
    'two Hosts in different case': withHeaders('Host: a', 'HOST: b'),
    'two Hosts apart': withHeaders('Host: a', 'Accept: */*', 'hOsT: b'),
  }),
  ...forms([400], {
    'two Hosts in HTTP/1.0': withHeaders('Host: a', 'Host: b').replace('HTTP/1.1', 'HTTP/1.0'),
    'a space before the colon of Host': withHeaders('Host : a'),
  }),
];

const headers: Form[] = [
  ...forms([200, 200], {
    'an empty value': withHeaders('Host: a', 'X-Empty:'),
    'spaces around a value': withHeaders('Host: a', 'X-Space:   b  '),
    'bytes beyond ASCII in a value': withHeaders('Host: a', 'X-Latin: \u00e9'),
    'a repeated header': withHeaders('Host: a', 'Accept: a', 'Accept: b'),
    '100 headers': withHeaders('Host: a', ...Array.from({ length: 100 }, (_, at) => `X-${at}: 1`)),
    'a header name with every symbol': withHeaders('Host: a', "X!#$%&'*+-.^_`|~: 1"),
    'a Connection that lists Host': withHeaders('Host: a', 'Connection: Host'),
    'Connection: keep-alive': withHeaders('Host: a', 'Connection: keep-alive'),
  }),
  ...forms([200], {
    'Connection: close': withHeaders('Host: a', 'Connection: close'),
    'Connection: close among others': withHeaders('Host: a', 'Connection: foo, close'),
    'Connection: close with a body': post('Connection: close\r\nContent-Length: 2', '{}'),
    'HTTP/1.0 with a body': post('Content-Length: 2', '{}').replace('HTTP/1.1', 'HTTP/1.0'),
    'Connection: Close': withHeaders('Host: a', 'Connection: Close'),
  }),
  ...forms([400], {
    'a space in a name': withHeaders('Host: a', 'X Y: 1'),
    'a space before the colon': withHeaders('Host: a', 'X-Y : 1'),
    'a line without a colon': withHeaders('Host: a', 'nonsense'),
    'an empty name': withHeaders('Host: a', ': 1'),
    'a folded line': withHeaders('Host: a', 'X-Y: 1', ' 2'),
    'a folded first line': withHeaders(' Host: a'),
    'NUL in a name': withHeaders('Host: a', 'X\u0000Y: 1'),
    'NUL in a value': withHeaders('Host: a', 'X-Y: 1\u00002'),
    'a control character in a value': withHeaders('Host: a', 'X-Y: 1\u00012'),
    'a carriage return in a value': withHeaders('Host: a', 'X-Y: 1\r2'),
    'a parenthesis in a name': withHeaders('Host: a', 'X(Y): 1'),
    'a byte beyond ASCII in a name': withHeaders('Host: a', 'X-\u00e9: 1'),
  }),
  ...forms([431], {
    'a header of 17 kB': withHeaders('Host: a', `X-Long: ${'a'.repeat(17_000)}`),
    '2,000 headers': withHeaders('Host: a', ...Array.from({ length: 2000 }, (_, at) => `X-${at}: 123456`)),
    'a name of 17 kB': withHeaders('Host: a', `${'X'.repeat(17_000)}: 1`),
  }),
];

const framing: Form[] = [
  ...forms([200, 200], {
    'a length': post('Content-Length: 2', '{}'),
    'a length of 0': post('Content-Length: 0'),
    'no length': post('Accept: */*'),
    'a length with leading zeros': post('Content-Length: 002', '{}'),
    'one chunk': post('Transfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'),
    'Chunked in capitals': post('Transfer-Encoding: CHUNKED', '2\r\n{}\r\n0\r\n\r\n'),
    'upper-case chunk sizes': post('Transfer-Encoding: chunked', 'A\r\n0123456789\r\n0\r\n\r\n'),
    'a chunk extension': post('Transfer-Encoding: chunked', '2;a=b\r\n{}\r\n0\r\n\r\n'),
    trailers: post('Transfer-Encoding: chunked', '2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n'),
    'a length of 0 on GET': withHeaders('Host: a', 'Content-Length: 0'),
  }),
  ...forms([400], {
    'two different lengths': post('Content-Length: 2\r\nContent-Length: 3', `{}${smuggled}`),
    'the same length twice': post('Content-Length: 2\r\nContent-Length: 2', `{}${smuggled}`),
    'a list of lengths': post('Content-Length: 2, 2', `{}${smuggled}`),
    'a negative length': post('Content-Length: -1', smuggled),
    'a signed length': post('Content-Length: +2', `{}${smuggled}`),
    'a hexadecimal length': post('Content-Length: 0x2', `{}${smuggled}`),
    'a fractional length': post('Content-Length: 2.0', `{}${smuggled}`),
    'an empty length': post('Content-Length:', smuggled),
    'an overflowing length': post('Content-Length: 99999999999999999999', smuggled),
    'a length with a space within': post('Content-Length: 1 2', smuggled),
    'a length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`),
    'chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 5', `0\r\n\r\n${smuggled}`),
    'chunked, then identity': post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${smuggled}`),
    'chunked twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${smuggled}`),
    'a disguised coding': post('Transfer-Encoding: xchunked', `0\r\n\r\n${smuggled}`),
    'a coding with a control character': post('Transfer-Encoding: \u000bchunked', `0\r\n\r\n${smuggled}`),
    'a coding with a space before the colon': post('Transfer-Encoding : chunked', `0\r\n\r\n${smuggled}`),
    'a folded coding': post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${smuggled}`),
    'a chunk size that is no number': post('Transfer-Encoding: chunked', `x\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a chunk size of 0x2': post('Transfer-Encoding: chunked', `0x2\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a negative chunk size': post('Transfer-Encoding: chunked', `-2\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'an overflowing chunk size': post('Transfer-Encoding: chunked', `fffffffffffffffff\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a chunk longer than its size': post('Transfer-Encoding: chunked', `1\r\n{}\r\n0\r\n\r\n${smuggled}`),
    'a chunk that ends in a line feed': post('Transfer-Encoding: chunked', `2\n{}\n0\n\n${smuggled}`),
  }),
];

const switches: Form[] = [
  ...forms([200], {
    'Upgrade: websocket': withHeaders('Host: a', 'Connection: Upgrade', 'Upgrade: websocket'),
    'Upgrade: h2c': withHeaders('Host: a', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'),
    'an upgrade with a body': post('Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2', '{}'),
    'an upgrade with chunks': post(
      'Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked',
      '2\r\n{}\r\n0\r\n\r\n',
    ),
  }),
  ...forms([404], {
    'an upgrade of an unknown path': get('/nowhere').replace('Host', 'Connection: upgrade\r\nUpgrade: x\r\nHost'),
  }),
  ...forms([401], {
    'an upgrade without a token': get('/api/customers').replace('Host', 'Connection: upgrade\r\nUpgrade: x\r\nHost'),
  }),
  ...forms([200, 200], {
    'Upgrade without Connection': withHeaders('Host: a', 'Upgrade: websocket'),
    'Connection: Upgrade without Upgrade': withHeaders('Host: a', 'Connection: Upgrade'),
    'an unknown expectation': post('Expect: tea\r\nContent-Length: 2', '{}'),
  }),
  ...forms([100, 200, 200], {
    'Expect: 100-continue': post('Expect: 100-continue\r\nContent-Length: 2', '{}'),
    'Expect: 100-Continue': post('Expect: 100-Continue\r\nTransfer-Encoding: chunked', '2\r\n{}\r\n0\r\n\r\n'),
  }),
  ...forms([405], {
    CONNECT: 'CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n',
    'CONNECT of a path': 'CONNECT /health HTTP/1.1\r\nHost: a\r\n\r\n',
  }),
];

describe.each(Object.entries({ requestLines, hosts, headers, framing, switches }))('raw requests: %s', (_, table) => {
  test('are answered with the expected status or rejected, and never left waiting', async () => {
    const gateway = await startTestGateway({
      paths,
      settings: { RATE_LIMITS: 'off' },
      limits: { lingerTimeout: 300 },
    });
    const results = table.map(async ({ name, raw, statuses }) => {
      const connection = openConnection(gateway.port);
      connection.send(Buffer.from(raw + following, 'latin1'));
      await until(connection.closed, `an end of: ${name}`).catch(() => {});
      const found = [...connection.received().matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
      const outcome = [...found, ...(connection.closed() ? [] : ['left waiting'])].join(' ');
      return outcome === statuses.join(' ') ? [] : [`${name}: ${outcome} instead of ${statuses.join(' ')}`];
    });
    expect((await Promise.all(results)).flat()).toEqual([]);
    expect(gateway.reached.map(({ url }) => url).filter((url) => url !== '/auth/login')).toEqual([]);
  });
});

describe('pipelined requests', () => {
  const customers = (id: number) => `/api/customers/${id}`;
  /** A service that answers only when the test says so. */
  const startHeld = async () => {
    const held: ServerResponse[] = [];
    const gateway = await startTestGateway({ paths, serve: { customer: (_req, res) => void held.push(res) } });
    const request = (id: number) =>
      get(customers(id)).replace('Host', `Authorization: ${gateway.bearer.Authorization}\r\nHost`);
    return { gateway, held, request, connection: openConnection(gateway.port) };
  };
  const urls = ({ gateway }: Awaited<ReturnType<typeof startHeld>>) => gateway.reached.map(({ url }) => url);

  test('reach the service one after the other, and are answered in order', async () => {
    const setup = await startHeld();
    const { connection, held, request } = setup;
    connection.send([1, 2, 3].map(request).join('') + following);
    for (const id of [1, 2, 3]) {
      await until(() => held.length === id, `request ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(urls(setup)).toEqual([1, 2, 3].slice(0, id).map(customers));
      held.at(-1)?.end(`answer ${id}.`);
    }
    await until(connection.closed, 'all responses');
    expect(connection.received()).toMatch(/answer 1\..*answer 2\..*answer 3\..*healthy/s);
  });

  test('behind a body that is still arriving are answered after it', async () => {
    const { connection, held, request } = await startHeld();
    const body = 'x'.repeat(100_000); // more than the gateway waits for
    const head = request(1).replace('GET /api/customers/1', 'POST /api/customers');
    connection.send(head.replace('\r\n\r\n', `\r\nContent-Length: ${2 * body.length}\r\n\r\n`) + body);
    await until(() => held.length === 1, 'the first request');
    connection.send(body + request(2) + following);
    held[0]?.end('first.');
    await until(() => held.length === 2, 'the second request');
    held[1]?.end('second.');
    await until(connection.closed, 'all responses');
    expect(connection.received()).toMatch(/first\..*second\..*healthy/s);
  });

  test('beyond the limit close the connection', async () => {
    const setup = await startHeld();
    const { connection, request } = setup;
    connection.send(Array.from({ length: 40 }, (_, at) => request(at)).join(''));
    await until(connection.closed, 'the end of the connection');
    expect([urls(setup).slice(1), connection.received()]).toEqual([[], '']);
  });

  test('are abandoned when the client disconnects', async () => {
    const setup = await startHeld();
    const { connection, held, request } = setup;
    connection.send(request(1) + request(2));
    await until(() => held.length === 1, 'the first request');
    connection.socket.destroy();
    await until(() => held[0]?.destroyed === true, 'the end of the first');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(urls(setup)).toEqual([customers(1)]);
  });

  test('CONNECT behind a request in progress closes the connection', async () => {
    const { connection, held, request } = await startHeld();
    connection.send(request(1));
    await until(() => held.length === 1, 'the first request');
    connection.send('CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n');
    await until(connection.closed, 'the end of the connection');
    expect(connection.received()).toBe('');
  });
});

test('malformed input behind a request in progress closes the connection: a 400 would be taken for the response to that request', async () => {
  const held: ServerResponse[] = [];
  const gateway = await startTestGateway({
    paths: { customer: { '/api/customers': { post: {} } } },
    serve: { customer: (_req, res) => void held.push(res) },
  });
  const connection = openConnection(gateway.port);
  const { Authorization } = gateway.bearer;
  connection.send(`POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}\r\n\r\n`);
  await until(() => held.length === 1, 'the request in progress');
  connection.send('malformed\r\n\r\n');
  await until(connection.closed, 'the end of the connection');
  expect(connection.received()).toBe('');
});

test('a client that gives up in the middle of a rejected body harms no other request', async () => {
  const gateway = await startTestGateway({ paths: { customer: { '/api/customers': { post: {}, get: {} } } } });
  const { Authorization } = gateway.bearer;
  const connection = openConnection(gateway.port);
  const headers = `Host: a\r\nAuthorization: ${Authorization}\r\nContent-Type: application/json\r\n`;
  connection.send(`POST /api/customers HTTP/1.1\r\n${headers}Content-Length: 10000000\r\n\r\n{"full_name":"`);
  await until(() => connection.received().startsWith('HTTP/1.1 413'), 'the rejection');
  connection.socket.end();
  await until(connection.closed, 'the end of the connection');
  const { status } = await fetch(`http://127.0.0.1:${gateway.port}/api/customers`, { headers: { Authorization } });
  expect(status).toBe(200);
});
