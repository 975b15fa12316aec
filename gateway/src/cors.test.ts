import { describe, expect, test } from 'vitest';
import { CorsOrigins } from './cors.ts';
import { sendRaw, startTestGateway } from './testing/gateway.ts';

const paths = {
  auth: { '/auth/login': { post: { open: true } } },
  customer: { '/api/customers': { get: {}, post: {} }, '/api/customers/{id}': { get: {}, patch: {}, delete: {} } },
};
const app = 'https://app.example.com';
const preflight = (path: string, Origin: string = app, method = 'PATCH') => ({
  method: 'OPTIONS',
  path,
  headers: { Origin, 'Access-Control-Request-Method': method, 'Access-Control-Request-Headers': 'authorization' },
});

describe('CORS_ORIGINS left out', () => {
  test('lets scripts of every origin read every response, the headers of the API among them, without credentials', async () => {
    const gateway = await startTestGateway({ paths });
    for (const headers of [{}, { Origin: app }, { Origin: 'null' }])
      for (const path of ['/health', '/api/customers', '/nowhere']) {
        const response = await gateway.callSignedIn({ path, headers });
        expect(response.headers['access-control-allow-origin']).toBe('*');
        expect(response.headers['access-control-expose-headers']?.split(', ')).toEqual(
          expect.arrayContaining([
            'ETag',
            'Idempotency-Replayed',
            'Location',
            'RateLimit',
            'RateLimit-Policy',
            'Retry-After',
            'X-Request-Id',
          ]),
        );
        expect(response.headers).not.toHaveProperty('access-control-allow-credentials');
        expect(response.headers).not.toHaveProperty('vary');
      }
    const unauthenticated = await gateway.call({ path: '/api/customers', headers: { Origin: app } });
    expect([unauthenticated.status, unauthenticated.headers['access-control-allow-origin']]).toEqual([401, '*']);
  });

  test('answers a preflight before sign-in with the methods of the path, and asks no service', async () => {
    const gateway = await startTestGateway({ paths });
    const { status, text, headers } = await gateway.call(preflight('/api/customers/7'));
    expect([status, text]).toEqual([204, '']);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'DELETE, GET, HEAD, OPTIONS, PATCH',
      'access-control-max-age': '600',
      allow: 'DELETE, GET, HEAD, OPTIONS, PATCH',
    });
    expect(headers['access-control-allow-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'X-Request-Id']),
    );
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect(headers).not.toHaveProperty('content-length');
    for (const path of ['/nowhere', '/internal/users/1', '/api/customers/internal/create', '/api/customers//7'])
      expect([path, (await gateway.call(preflight(path))).status]).toEqual([path, 404]);
    expect(gateway.reached).toEqual([]);
  });
});

describe('CORS_ORIGINS with a list', () => {
  const settings = { CORS_ORIGINS: `${app}, http://localhost:3000/` };

  test('names the origin to allowed ones only, and every response varies by it', async () => {
    const gateway = await startTestGateway({
      paths,
      settings,
      serve: { customer: (_req, res) => res.setHeader('Vary', 'Accept-Encoding').end('x') },
    });
    for (const [Origin, allowed] of [
      [app, app],
      ['http://localhost:3000', 'http://localhost:3000'],
      ['https://app.example.com.evil.test', undefined],
      ['https://evil.test', undefined],
      ['http://app.example.com', undefined],
      ['null', undefined],
      [undefined, undefined],
    ] as const) {
      const headers: Record<string, string> = Origin === undefined ? {} : { Origin };
      const forwarded = await gateway.callSignedIn({ path: '/api/customers', headers });
      expect([Origin, forwarded.headers['access-control-allow-origin']]).toEqual([Origin, allowed]);
      expect(forwarded.headers.vary).toBe('Accept-Encoding, Origin');
      const problem = await gateway.call({ path: '/nowhere', headers });
      expect([problem.headers['access-control-allow-origin'], problem.headers.vary]).toEqual([allowed, 'Origin']);
    }
    expect(await sendRaw(gateway.port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*\r\nVary: Origin\r\n/s);
  });

  test('tells nothing but the methods in a preflight of another origin', async () => {
    const gateway = await startTestGateway({ paths, settings });
    const allowed = await gateway.call(preflight('/api/customers'));
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': app, vary: 'Origin' });
    expect(allowed.headers['access-control-allow-methods']).toBe('GET, HEAD, OPTIONS, POST');
    const { status, headers } = await gateway.call(preflight('/api/customers', 'https://evil.test'));
    expect([status, headers.vary]).toEqual([204, 'Origin']);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('is * or a list of origins', () => {
    expect(CorsOrigins.parse('*')).toBe('*');
    expect(CorsOrigins.parse('HTTPS://App.example.com/,http://[::1]:3000')).toEqual([app, 'http://[::1]:3000']);
    for (const bad of [
      'app.example.com',
      `${app}/path`,
      `${app}:443`,
      'https://*.example.com',
      `${app},*`,
      `${app},`,
      'null',
      'ftp://a',
      'https://user@a',
      'file:///a',
    ])
      expect([bad, CorsOrigins.safeParse(bad).success]).toEqual([bad, false]);
  });
});

test('OPTIONS that is no preflight is answered with the methods of a known path', async () => {
  const gateway = await startTestGateway({ paths });
  const options = (path: string) => gateway.call({ method: 'OPTIONS', path, headers: { Origin: app } });
  for (const [path, allow] of [
    ['/api/customers', 'GET, HEAD, OPTIONS, POST'],
    ['/auth/login', 'OPTIONS, POST'],
    ['/health', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const { status, headers } = await options(path);
    expect([path, status, headers.allow]).toEqual([path, 204, allow]);
    expect(headers).not.toHaveProperty('access-control-allow-methods');
  }
  expect((await options('/nowhere')).status).toBe(404);
  expect(gateway.reached).toEqual([]);
});
