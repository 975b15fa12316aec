import { describe, expect, test } from 'vitest';
import { createRouter, readPath } from './router.ts';
import { openConnection, sendRaw, startTestGateway, until } from './testing/gateway.ts';
import { routesOf } from './upstreams.ts';

const paths = {
  auth: {
    '/auth/login': { post: { open: true } },
    '/api/v1/users/{user_id}': { get: {}, put: {}, delete: {} },
    '/api/shared': { get: {} },
  },
  customer: {
    '/api/customers': { get: {}, post: {} },
    '/api/customers/search': { get: {} },
    '/api/customers/me/statistics': { get: {} },
    '/api/customers/{customer_id}': { get: {}, patch: {} },
    '/api/customers/{customer_id}/{section}': { get: {}, post: {} },
    '/api/shared': { patch: {} },
  },
  interaction: { '/api/customers/{id}/interactions': { get: {}, post: {} } },
};

describe('an undeclared route', () => {
  test('is a 404 with and without a token, and no service is called', async () => {
    const gateway = await startTestGateway({ paths });
    for (const path of [
      '/nowhere',
      '/api',
      '/api/customers/a/b/c',
      '/metrics',
      '/openapi.yaml',
      '/Auth/login',
      '/api/Customers',
      '/api//customers',
    ]) {
      for (const headers of [{}, gateway.bearer]) {
        const { status, json, headers: got } = await gateway.call({ path, headers });
        expect([path, status, json.error_code]).toEqual([path, 404, 'NOT_FOUND']);
        expect(got['content-type']).toContain('application/problem+json');
        expect(json.request_id).toBe(got['x-request-id']);
      }
    }
    expect(gateway.reached).toEqual([]);
  });

  test('internal paths are 404 in every spelling and encoding', async () => {
    const gateway = await startTestGateway({ paths });
    const spellings = [
      '/internal/users/1',
      '/internal',
      '/Internal/users/1',
      '/%69nternal/users/1',
      '/internal%2fusers/1',
      '/./internal/users',
      '/x/../internal/users',
      '/%2e%2e/internal/users',
      '//internal/users',
      '/api/customers/internal',
      '/api/customers/internal/create',
      '/api/customers/internal/',
      '/api/customers/%69%6eternal/create',
      '/api/customers/INTERNAL/create',
      '/api/customers/internal%2Fcreate',
      '/api/customers/%2e/internal/create',
      '/api/customers/./internal/create',
      '/api/customers/x/../internal/create',
      '/api/customers/x/..%2finternal/create',
      '/api/customers//internal/create',
      '/api/customers/internal;a=b/create/x',
      '/api/customers\\internal\\create',
      '/api/%63ustomers/internal/create?x=1',
      '/api/customers%00/internal/create',
    ];
    for (const method of ['GET', 'POST', 'PATCH']) {
      for (const path of spellings) {
        const response = await sendRaw(
          gateway.port,
          `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
        );
        expect([method, path, response.slice(9, 12)]).toEqual([method, path, '404']);
      }
    }
    expect(gateway.reached).toEqual([]);
  });
});

describe('a declared route', () => {
  test('prefers a literal to a parameter, ignores a trailing slash and forwards exactly what matched', async () => {
    const gateway = await startTestGateway({ paths });
    const forwarded = async (path: string) => {
      const { json, status } = await gateway.callSignedIn({ path });
      return [status, gateway.reached.at(-1)?.service, json['url']];
    };
    expect(await forwarded('/api/customers/')).toEqual([200, 'customer', '/api/customers']);
    expect(await forwarded('/api/customers?a=%2F&b=/')).toEqual([200, 'customer', '/api/customers?a=%2F&b=/']);
    expect(await forwarded('/api/%63ustomers/42/?x')).toEqual([200, 'customer', '/api/customers/42?x']);
    expect(await forwarded('/api/customers/7/interactions/')).toEqual([
      200,
      'interaction',
      '/api/customers/7/interactions',
    ]);
    expect(await forwarded('/api/customers/7/notes')).toEqual([200, 'customer', '/api/customers/7/notes']);
    // The literal branch 'me' has no match below it, so the parameter is tried.
    expect(await forwarded('/api/customers/me/notes')).toEqual([200, 'customer', '/api/customers/me/notes']);
    expect(await forwarded('/api/customers/a%20b%252e')).toEqual([200, 'customer', '/api/customers/a%20b%252e']);
    expect(await forwarded('/api/customers/%C3%A9')).toEqual([200, 'customer', '/api/customers/%C3%A9']);
  });

  test('ambiguous segments are 404', async () => {
    const gateway = await startTestGateway({ paths });
    for (const segment of ['%2e', '%2E%2e', '.', '..', '%00', '%2f', '%5c', '\\', 'a%2fb', 'a%5Cb', 'x%00']) {
      const response = await sendRaw(
        gateway.port,
        `GET /api/customers/${segment} HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
      );
      expect([segment, response.slice(9, 12)]).toEqual([segment, '404']);
    }
    expect(gateway.reached).toEqual([]);
  });

  test('a malformed percent sequence is a 400, with and without a token, on known and unknown paths', async () => {
    const gateway = await startTestGateway({ paths });
    for (const segment of ['%', '%z', '%zz', '%c3', '%ff', 'a%2', '%c3%28', '%ed%a0%80'])
      for (const path of ['/api/customers/', '/internal/', '/api/customers/internal/', '/', '/%2e%2e/'])
        for (const { Authorization } of [gateway.bearer, { Authorization: '' }]) {
          const head = `GET ${path}${segment} HTTP/1.1\r\nHost: a\r\nAuthorization: ${Authorization}`;
          const response = await sendRaw(gateway.port, `${head}\r\nConnection: close\r\n\r\n`);
          expect([path + segment, response.slice(9, 12)]).toEqual([path + segment, '400']);
          expect(response).toContain('MALFORMED_REQUEST');
        }
    expect(gateway.reached).toEqual([]);
  });

  test('serves HEAD where GET exists; other methods are 405 with Allow over all services', async () => {
    const gateway = await startTestGateway({ paths });
    const head = await gateway.callSignedIn({ method: 'HEAD', path: '/api/customers' });
    expect([head.status, head.text, gateway.reached.at(-1)?.method]).toEqual([200, '', 'HEAD']);

    const before = gateway.reached.length;
    const wrong = async (method: string, path: string) => {
      const { status, headers, json } = await gateway.call({ method, path });
      return [status, headers.allow, method === 'HEAD' ? 'METHOD_NOT_ALLOWED' : json.error_code];
    };
    expect(await wrong('DELETE', '/api/shared')).toEqual([405, 'GET, HEAD, OPTIONS, PATCH', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('HEAD', '/auth/login')).toEqual([405, 'OPTIONS, POST', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('TRACE', '/api/customers')).toEqual([405, 'GET, HEAD, OPTIONS, POST', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('POST', '/health')).toEqual([405, 'GET, HEAD, OPTIONS', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('DELETE', '/ready')).toEqual([405, 'GET, HEAD, OPTIONS', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('PUT', '/')).toEqual([405, 'GET, HEAD, OPTIONS', 'METHOD_NOT_ALLOWED']);
    expect(gateway.reached.length).toBe(before);
  });

  test('a method that no parser knows is a 405 with Allow on a known path, else a 404', async () => {
    const gateway = await startTestGateway({ paths });
    const request = (line: string) => sendRaw(gateway.port, `${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
    for (const [line, status, allow] of [
      ['STEAL /api/customers?a=b', 405, 'GET, HEAD, OPTIONS, POST'],
      ['get /api/shared/', 405, 'GET, HEAD, OPTIONS, PATCH'],
      ['X-!#$ /api/customers/7', 405, 'GET, HEAD, OPTIONS, PATCH'],
      ['STEAL /health', 405, 'GET, HEAD, OPTIONS'],
      ['STEAL /nowhere', 404, undefined],
      ['STEAL /internal/users/1', 404, undefined],
      ['STEAL /api/customers/%69nternal', 404, undefined],
      ['STEAL /api/customers/%', 400, undefined],
      ['STEAL api/customers', 400, undefined],
    ] as const) {
      const response = await request(line);
      const [, found] = /\r\nAllow: (.*)\r\n/.exec(response) ?? [];
      expect([line, Number(response.slice(9, 12)), found]).toEqual([line, status, allow]);
      expect(response).toMatch(/\r\nConnection: close\r\n.*"request_id"/s);
    }
    expect(gateway.reached).toEqual([]);
  });

  test('rejects CONNECT and ignores Upgrade', async () => {
    const gateway = await startTestGateway({ paths });
    const tunnel = await sendRaw(gateway.port, 'CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n');
    expect(tunnel).toMatch(/^HTTP\/1\.1 405 .*application\/problem\+json.*METHOD_NOT_ALLOWED/s);

    const connection = openConnection(gateway.port);
    connection.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${gateway.bearer.Authorization}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}`,
    );
    await until(() => connection.received().includes('"sha256"'), 'the response without an upgrade');
    expect(connection.received()).toMatch(/^HTTP\/1\.1 200/);
    expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('upgrade');
  });

  test('serves a target in absolute form whose authority is the Host', async () => {
    const gateway = await startTestGateway({ paths });
    const send = (target: string, host: string) =>
      sendRaw(
        gateway.port,
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: ${gateway.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
      );
    for (const [target, host, forwarded] of [
      ['http://api.example/api/customers', 'api.example', '/api/customers'],
      ['HTTP://API.example/api/customers?page=2', 'api.EXAMPLE', '/api/customers?page=2'],
      ['http://api.example:8080/api/customers/', 'api.example:8080', '/api/customers'],
      ['http://api.example:80/api/customers', 'api.example', '/api/customers'],
      ['https://api.example/api/customers', 'api.example:443', '/api/customers'],
      ['http://[::1]:8080/api/customers', '[::1]:8080', '/api/customers'],
    ] as const) {
      expect([target, (await send(target, host)).slice(9, 12)]).toEqual([target, '200']);
      expect(gateway.reached.at(-1)?.url).toBe(forwarded);
    }
    expect(await send('http://api.example', 'api.example')).toMatch(/^HTTP\/1\.1 200 .*docs_url/s);
    expect(await send('http://api.example?a=b', 'api.example')).toMatch(/^HTTP\/1\.1 200 .*docs_url/s);
    expect(await send('http://api.example/rest/v1/nothing', 'api.example')).toMatch(
      /^HTTP\/1\.1 404 .*"success":false/s,
    );
    expect(await send('http://api.example/internal/users/1', 'api.example')).toMatch(/^HTTP\/1\.1 404/);
  });

  test('rejects a target in absolute form with another authority or scheme', async () => {
    const gateway = await startTestGateway({ paths });
    for (const [target, host] of [
      ['http://elsewhere/api/customers', 'a'],
      ['http://a:8080/api/customers', 'a'],
      ['http://a:443/api/customers', 'a'],
      ['http://me@a/api/customers', 'a'],
      ['http:///api/customers', ''],
      ['http:/api/customers', 'a'],
      ['http://a\\api', 'a'],
      ['http://a#x', 'a'],
      ['ftp://a/api/customers', 'a'],
      ['a:80', 'a:80'],
    ] as const) {
      const response = await sendRaw(
        gateway.port,
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      expect([target, response.slice(9, 12)]).toEqual([target, '400']);
    }
    const withoutHost = await sendRaw(gateway.port, 'GET http://a/health HTTP/1.0\r\n\r\n');
    expect(withoutHost).toMatch(/^HTTP\/1\.1 400/);
    expect(gateway.reached).toEqual([]);
  });

  test('rejects request targets that are too long, absolute, or not visible ASCII', async () => {
    const gateway = await startTestGateway({ paths });
    const status = async (target: string) =>
      (await sendRaw(gateway.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).slice(9, 12);
    expect(await status(`/api/customers?q=${'a'.repeat(8200)}`)).toBe('414');
    expect(await status('http://elsewhere/api/customers')).toBe('400');
    expect(await status('/api/customers?q=\u00e9')).toBe('400');
    expect(await status('/api/customers#x')).toBe('400');
    expect(await status('*')).toBe('400');
    expect(await sendRaw(gateway.port, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*MALFORMED_REQUEST/s,
    );
    expect(gateway.reached).toEqual([]);
  });
});

describe('the OpenAPI documents', () => {
  test('must not declare a route twice, an internal path or a built-in route', async () => {
    const twice = { auth: { '/api/x/{a}': { get: {} } }, product: { '/api/x/{b}': { get: {} } } };
    await expect(startTestGateway({ paths: twice })).rejects.toThrow(/GET \/api\/x\/\{b\} is declared twice/);
    await expect(startTestGateway({ paths: { product: { '/health': { get: {} } } } })).rejects.toThrow(
      /declared twice/,
    );
    await expect(startTestGateway({ paths: { product: { '/internal/products': { get: {} } } } })).rejects.toThrow(
      /internal path/,
    );
    await expect(
      startTestGateway({ paths: { customer: { '/api/customers/internal/create': { post: {} } } } }),
    ).rejects.toThrow(/internal path/);
  });

  test('protect an operation without `security: []` and reject one without limits', () => {
    const extension = { kind: 'json', body_limit: 10, deadline: 10 };
    const [route] = routesOf({ paths: { '/a': { get: { 'x-clientela': extension } } } });
    expect(route?.open).toBe(false);
    expect(() => routesOf({ paths: { '/a': { get: { security: [] } } } })).toThrow(/x-clientela/);
    expect(() => routesOf({ paths: { '/a': { trace: { 'x-clientela': extension } } } })).toThrow(/trace/);
  });

  test('the leftmost difference decides', () => {
    const router = createRouter<string>();
    router.add('GET', '/a/{x}/c', 'parameter first');
    router.add('GET', '/a/b/{y}', 'literal first');
    const match = (path: string) => router.match(readPath(path)?.segments ?? [])?.methods.get('GET');
    expect(match('/a/b/c')).toBe('literal first');
    expect(match('/a/z/c')).toBe('parameter first');
    expect(match('/a/z/z')).toBeUndefined();
  });
});
