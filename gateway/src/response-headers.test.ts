import type { RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import { openConnection, sendRaw, startTestGateway, unusedUrl, until } from './testing/gateway.ts';

const paths = {
  auth: { '/auth/login': { post: { open: true } } },
  customer: { '/api/customers': { get: {}, post: {} }, '/api/customers/{id}/avatar': { get: { kind: 'stream' } } },
};
const securityHeaders = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

/** Reads the headers of the last response on a connection. */
const headersOf = (text: string): Record<string, string> => {
  const [head = ''] = text.slice(text.lastIndexOf('HTTP/1.1 ')).split('\r\n\r\n');
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
};

test('every response has the security headers, whoever sends it', async () => {
  const gateway = await startTestGateway({
    paths,
    limits: { headersTimeout: 1000, connectionsCheckInterval: 50, lingerTimeout: 50 },
  });
  const authorization = `Authorization: ${gateway.bearer.Authorization}\r\n`;
  const of = (line: string, more = '') => `${line} HTTP/1.1\r\nHost: a\r\n${more}Connection: close\r\n\r\n`;
  const requests: Record<string, [status: number, text: string]> = {
    'a route of the gateway': [200, of('GET /health')],
    'a readiness check': [200, of('GET /ready')],
    'a service': [200, of('GET /api/customers', authorization)],
    'HEAD at a service': [200, of('HEAD /api/customers', authorization)],
    'a preflight': [204, of('OPTIONS /api/customers', 'Origin: http://b\r\nAccess-Control-Request-Method: GET\r\n')],
    'an unknown route': [404, of('GET /nowhere')],
    'a wrong method': [405, of('PUT /health')],
    'a method unknown to the parser': [405, of('STEAL /health')],
    'no token': [401, of('GET /api/customers')],
    'a body on GET': [400, of('GET /api/customers', `${authorization}Content-Length: 2\r\n`)],
    'a repeated Host': [400, of('GET /health', 'Host: b\r\n')],
    'a malformed header': [400, of('GET /health', 'a b: c\r\n')],
    CONNECT: [405, of('CONNECT a:80')],
    'too long headers': [431, of('GET /health', `X-A: ${'a'.repeat(17_000)}\r\n`)],
    'unfinished headers': [408, 'GET /health HTTP/1.1\r\nHost: a\r\n'],
  };
  for (const [name, [status, text]] of Object.entries(requests)) {
    const response = await sendRaw(gateway.port, text);
    expect([name, Number(response.slice(9, 12)), headersOf(response)]).toEqual([
      name,
      status,
      expect.objectContaining({ ...securityHeaders, 'access-control-allow-origin': '*' }),
    ]);
  }
  const unreachable = await startTestGateway({ paths, urls: { customer: await unusedUrl() } });
  const { status, headers } = await unreachable.callSignedIn({ path: '/api/customers' });
  expect([status, headers]).toEqual([503, expect.objectContaining(securityHeaders)]);
});

describe('a service', () => {
  const answer: RequestListener = (req, res) => {
    res.writeHead(req.url === '/api/customers' ? 422 : 200, {
      'Cache-Control': 'private, max-age=300',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Frame-Options': 'SAMEORIGIN',
      'Referrer-Policy': 'unsafe-url',
      'Strict-Transport-Security': 'max-age=0',
      'Access-Control-Allow-Origin': 'http://elsewhere',
      'Access-Control-Allow-Credentials': 'true',
      'Set-Cookie': ['session=1; Path=/', 'b=2'],
    });
    res.end('x');
  };

  test('decides the caching and the content policy of its responses, and nothing else', async () => {
    const gateway = await startTestGateway({ paths, serve: { customer: answer } });
    const { headers } = await gateway.callSignedIn({ path: '/api/customers/1/avatar' });
    expect(headers).toMatchObject({
      ...securityHeaders,
      'cache-control': 'private, max-age=300',
      'content-security-policy': "default-src 'none'; sandbox",
      'access-control-allow-origin': '*',
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
  });

  test('sets no cookie, whatever the route and status', async () => {
    const gateway = await startTestGateway({ paths, serve: { customer: answer, auth: answer } });
    const responses = [
      await gateway.callSignedIn({ path: '/api/customers/1/avatar' }),
      await gateway.callSignedIn({ path: '/api/customers' }),
      await gateway.callSignedIn({ method: 'HEAD', path: '/api/customers' }),
      await gateway.call({ method: 'POST', path: '/auth/login' }),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 422, 422, 200]);
    for (const { headers } of responses) expect(headers).not.toHaveProperty('set-cookie');
  });

  test('that fails after its headers leaves none of them in the problem document', async () => {
    const serve: RequestListener = (_req, res) => {
      res.writeHead(200, { 'Content-Length': '100', ETag: '"7"', 'Content-Disposition': 'attachment' });
      res.flushHeaders();
    };
    const gateway = await startTestGateway({
      paths: { customer: { '/api/customers': { get: { deadline: 200 } } } },
      serve: { customer: serve },
    });
    const connection = openConnection(gateway.port);
    connection.send(
      `GET /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
    );
    await until(connection.closed, 'the problem document');
    const headers = headersOf(connection.received());
    expect(headers).toMatchObject(securityHeaders);
    expect(headers).not.toHaveProperty('etag');
    expect(headers).not.toHaveProperty('content-disposition');
  });
});
