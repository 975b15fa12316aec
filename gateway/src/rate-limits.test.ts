import { describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { readUpstreams } from './upstreams.ts';
import { startTestGateway } from './testing/gateway.ts';

const open = { post: { open: true, address_rate_limit: 'login' } };
const signedIn = { post: { address_rate_limit: 'login' } };
const paths = {
  auth: {
    '/auth/login': { ...open, get: {} },
    '/api/auth/login': open,
    '/auth/register': open,
    '/api/auth/register': open,
    '/auth/change-password': signedIn,
    '/api/auth/change-password': signedIn,
    '/auth/refresh': { post: { open: true } },
  },
};
const from = (address: string) => ({ 'X-Forwarded-For': address });
const login = { method: 'POST', path: '/auth/login' };

describe('LOGIN_RATE', () => {
  test('covers every route that accepts a password, under each of its paths', () => {
    const routes = readUpstreams({} as Config).flatMap((upstream) => upstream.routes);
    const limited = routes.filter(({ address_rate_limit }) => address_rate_limit === 'login');
    const prefixes = ['/auth', '/api/auth', '/api/v1/auth'];
    expect(limited.map(({ method, template }) => `${method} ${template}`).toSorted()).toEqual(
      prefixes
        .flatMap((prefix) => ['login', 'register', 'change-password'].map((name) => `POST ${prefix}/${name}`))
        .toSorted(),
    );
  });

  test('counts login, register and change-password together, and responds 429 without forwarding', async () => {
    const gateway = await startTestGateway({ paths });
    for (const path of ['/auth/login', '/api/auth/login', '/auth/register/', '/api/auth/register']) {
      const { status, headers } = await gateway.call({ method: 'POST', path });
      expect(status).toBe(200);
      expect(headers['ratelimit-policy']).toMatch(/^"login"; q=10; w=60; pk=:[^:]+:$/);
    }
    expect((await gateway.call({ method: 'POST', path: '/auth/change-password' })).status).toBe(401);
    expect((await gateway.callSignedIn({ method: 'POST', path: '/api/auth/change-password' })).status).toBe(200);
    for (let left = 3; left >= 0; left -= 1) {
      expect((await gateway.call(login)).headers['ratelimit']).toMatch(new RegExp(`^"login"; r=${left}; t=\\d+$`));
    }
    const reached = gateway.reached.length;
    for (const path of Object.keys(paths.auth).filter((path) => path !== '/auth/refresh')) {
      const { status, headers, json } = await gateway.callSignedIn({ method: 'POST', path, body: '{}' });
      expect([path, status, json.error_code, json.status]).toEqual([path, 429, 'RATE_LIMITED', 429]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(Number(headers['retry-after'])).toBeGreaterThan(50);
      expect(headers['ratelimit']).toMatch(/^"login"; r=0; t=\d+$/);
    }
    expect(gateway.reached.length).toBe(reached);
    expect((await gateway.call({ method: 'POST', path: '/auth/refresh' })).status).toBe(200);
    expect((await gateway.callSignedIn({ path: '/auth/login' })).status).toBe(200);
  });

  test('counts an IPv6 client by its /56, and one behind a trusted proxy by its own address', async () => {
    const gateway = await startTestGateway({ paths, settings: { TRUST_PROXY: '1', LOGIN_RATE: '2/hour' } });
    const post = async (address: string) => (await gateway.call({ ...login, headers: from(address) })).status;
    expect([await post('2001:db8:0:12::1'), await post('2001:db8:0:1f:2::2')]).toEqual([200, 200]);
    expect(await post('2001:db8:0:10::3')).toBe(429);
    expect(await post('2001:db8:0:100::1')).toBe(200);
    expect([await post('192.0.2.1'), await post('::ffff:192.0.2.1'), await post('192.0.2.1')]).toEqual([200, 200, 429]);
    expect(await post('192.0.2.2')).toBe(200);
  });

  test('cannot be evaded by forged address headers', async () => {
    const gateway = await startTestGateway({ paths, settings: { LOGIN_RATE: '1/day' } });
    expect((await gateway.call({ ...login, headers: from('192.0.2.1') })).status).toBe(200);
    const again = await gateway.call({
      ...login,
      headers: { ...from('192.0.2.2'), Forwarded: 'for=192.0.2.3', 'X-Client-Ip': '192.0.2.4' },
    });
    expect([again.status, Number(again.headers['retry-after']) > 86_000]).toEqual([429, true]);
  });

  test('resets after its window', async () => {
    const gateway = await startTestGateway({ paths, settings: { LOGIN_RATE: '1/second' } });
    expect((await gateway.call(login)).status).toBe(200);
    await expect.poll(async () => (await gateway.call(login)).status, { interval: 100 }).toBe(200);
  });

  test('is disabled by RATE_LIMITS=off', async () => {
    const gateway = await startTestGateway({ paths, settings: { RATE_LIMITS: 'off', LOGIN_RATE: '1/day' } });
    for (let i = 0; i < 12; i += 1) {
      const { status, headers } = await gateway.call(login);
      expect([status, headers['ratelimit']]).toEqual([200, undefined]);
    }
  });
});
