import { describe, expect, test } from 'vitest';
import { createRouter, readPath } from './router.ts';
import { dial, raw, startStreet, until } from './test-street.ts';
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

describe('a route that no service declares', () => {
  test('is a 404 with and without a token, and nobody is called', async () => {
    const street = await startStreet({ paths });
    for (const path of [
      '/nowhere',
      '/api',
      '/api/customers/a/b/c',
      '/metrics',
      '/openapi.json',
      '/Auth/login',
      '/api/Customers',
      '/api//customers',
    ]) {
      for (const headers of [{}, street.bearer]) {
        const { status, json, headers: got } = await street.call({ path, headers });
        expect([path, status, json.error_code]).toEqual([path, 404, 'NOT_FOUND']);
        expect(got['content-type']).toContain('application/problem+json');
        expect(json.request_id).toBe(got['x-request-id']);
      }
    }
    expect(street.reached).toEqual([]);
  });

  test('internal paths are 404 however they are spelled or encoded', async () => {
    const street = await startStreet({ paths });
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
        const answer = await raw(
          street.port,
          `${method} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
        );
        expect([method, path, answer.slice(9, 12)]).toEqual([method, path, '404']);
      }
    }
    expect(street.reached).toEqual([]);
  });
});

describe('a declared route', () => {
  test('a literal beats a parameter, the trailing slash never matters, and what was matched is what is forwarded', async () => {
    const street = await startStreet({ paths });
    const forwarded = async (path: string) => {
      const { json, status } = await street.as({ path });
      return [status, street.reached.at(-1)?.service, json['url']];
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
    // 'me' leads to a literal branch that ends there; the parameter still gets its turn.
    expect(await forwarded('/api/customers/me/notes')).toEqual([200, 'customer', '/api/customers/me/notes']);
    expect(await forwarded('/api/customers/a%20b%252e')).toEqual([200, 'customer', '/api/customers/a%20b%252e']);
    expect(await forwarded('/api/customers/%C3%A9')).toEqual([200, 'customer', '/api/customers/%C3%A9']);
  });

  test('segments that two programs could read differently are 404', async () => {
    const street = await startStreet({ paths });
    for (const segment of [
      '%2e',
      '%2E%2e',
      '.',
      '..',
      '%00',
      '%2f',
      '%5c',
      '\\',
      '%',
      '%zz',
      '%c3',
      'a%2fb',
      'a%5Cb',
      'x%00',
      '%ff',
    ]) {
      const answer = await raw(
        street.port,
        `GET /api/customers/${segment} HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nConnection: close\r\n\r\n`,
      );
      expect([segment, answer.slice(9, 12)]).toEqual([segment, '404']);
    }
    expect(street.reached).toEqual([]);
  });

  test('HEAD is served where GET is; other methods are 405 with Allow, joined over the services', async () => {
    const street = await startStreet({ paths });
    const head = await street.as({ method: 'HEAD', path: '/api/customers' });
    expect([head.status, head.text, street.reached.at(-1)?.method]).toEqual([200, '', 'HEAD']);

    const before = street.reached.length;
    const wrong = async (method: string, path: string) => {
      const { status, headers, json } = await street.call({ method, path });
      return [status, headers.allow, method === 'HEAD' ? 'METHOD_NOT_ALLOWED' : json.error_code];
    };
    expect(await wrong('DELETE', '/api/shared')).toEqual([405, 'GET, HEAD, PATCH', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('HEAD', '/auth/login')).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('OPTIONS', '/auth/login')).toEqual([405, 'POST', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('TRACE', '/api/customers')).toEqual([405, 'GET, HEAD, POST', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('POST', '/health')).toEqual([405, 'GET, HEAD', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('DELETE', '/ready')).toEqual([405, 'GET, HEAD', 'METHOD_NOT_ALLOWED']);
    expect(await wrong('PUT', '/')).toEqual([405, 'GET, HEAD', 'METHOD_NOT_ALLOWED']);
    expect(street.reached.length).toBe(before);
  });

  test('CONNECT is refused and an Upgrade is not followed', async () => {
    const street = await startStreet({ paths });
    const tunnel = await raw(street.port, 'CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n');
    expect(tunnel).toMatch(/^HTTP\/1\.1 405 .*application\/problem\+json.*METHOD_NOT_ALLOWED/s);

    const line = dial(street.port);
    line.send(
      `POST /api/customers HTTP/1.1\r\nHost: a\r\nAuthorization: ${street.bearer.Authorization}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\n{}`,
    );
    await until(() => line.received().includes('"sha256"'), 'the answer without an upgrade');
    expect(line.received()).toMatch(/^HTTP\/1\.1 200/);
    expect(street.reached.at(-1)?.headers).not.toHaveProperty('upgrade');
  });

  test('addresses that are too long, absolute, or not visible ASCII are refused', async () => {
    const street = await startStreet({ paths });
    const status = async (target: string) =>
      (await raw(street.port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)).slice(9, 12);
    expect(await status(`/api/customers?q=${'a'.repeat(8200)}`)).toBe('414');
    expect(await status('http://elsewhere/api/customers')).toBe('400');
    expect(await status('/api/customers?q=\u00e9')).toBe('400');
    expect(await status('/api/customers#x')).toBe('400');
    expect(await status('*')).toBe('400');
    expect(await raw(street.port, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*MALFORMED_REQUEST/s,
    );
    expect(street.reached).toEqual([]);
  });
});

describe('the documents', () => {
  test('two services that declare one method and template do not start, nor does a service that shows internal or own paths', async () => {
    const twice = { auth: { '/api/x/{a}': { get: {} } }, product: { '/api/x/{b}': { get: {} } } };
    await expect(startStreet({ paths: twice })).rejects.toThrow(/GET \/api\/x\/\{b\} is declared twice/);
    await expect(startStreet({ paths: { product: { '/health': { get: {} } } } })).rejects.toThrow(/declared twice/);
    await expect(startStreet({ paths: { product: { '/internal/products': { get: {} } } } })).rejects.toThrow(
      /internal path/,
    );
    await expect(
      startStreet({ paths: { customer: { '/api/customers/internal/create': { post: {} } } } }),
    ).rejects.toThrow(/internal path/);
  });

  test('an operation that does not say it is open is closed, and one without limits is not served', () => {
    const extension = { kind: 'json', body_limit: 10, deadline: 10 };
    const [route] = routesOf({ paths: { '/a': { get: { 'x-clientela': extension } } } });
    expect(route?.open).toBe(false);
    expect(() => routesOf({ paths: { '/a': { get: { security: [] } } } })).toThrow(/x-clientela/);
    expect(() => routesOf({ paths: { '/a': { trace: { 'x-clientela': extension } } } })).toThrow(/trace/);
  });

  test('the first difference from the left decides', () => {
    const router = createRouter<string>();
    router.add('GET', '/a/{x}/c', 'parameter first');
    router.add('GET', '/a/b/{y}', 'literal first');
    const match = (path: string) => router.match(readPath(path)?.segments ?? [])?.methods.get('GET');
    expect(match('/a/b/c')).toBe('literal first');
    expect(match('/a/z/c')).toBe('parameter first');
    expect(match('/a/z/z')).toBeUndefined();
  });
});
