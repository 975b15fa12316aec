import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Config } from './config.ts';
import { readUpstreams } from './upstreams.ts';
import { openConnection, signToken, startTestGateway, until, type CallResult } from './testing/gateway.ts';

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
const limitedRoutes = [
  'login',
  'login/mfa',
  'mfa/totp',
  'mfa/totp/confirm',
  'mfa/recovery-codes',
  'oidc/exchange',
  'register',
  'change-password',
  'verify-email',
  'forgot-password',
  'reset-password',
  'change-email',
  'change-email/confirm',
  'invitations/look-up',
  'invitations/accept',
];
const from = (address: string) => ({ 'X-Forwarded-For': address });
const login = { method: 'POST', path: '/auth/login' };

describe('LOGIN_RATE', () => {
  test('covers every route that accepts a password, a code or the token of a mail, under each of its paths', () => {
    const routes = readUpstreams({} as Config).flatMap((upstream) => upstream.routes);
    const limited = routes.filter(({ address_rate_limit }) => address_rate_limit !== undefined);
    const prefixes = ['/auth', '/api/auth', '/api/v1/auth'];
    expect(limited.map(({ method, template }) => `${method} ${template}`).toSorted()).toEqual(
      prefixes
        .flatMap((prefix) =>
          ['DELETE /mfa/totp', ...limitedRoutes.map((name) => `POST /${name}`)].map((one) =>
            one.replace(' ', ` ${prefix}`),
          ),
        )
        .toSorted(),
    );
    // Whatever is open comes by a POST that counts, but for a refresh, whose token has 256 bits of its own.
    const uncounted = routes.filter((route) => route.open && route.method === 'POST' && !limited.includes(route));
    expect(uncounted.map(({ template }) => template).toSorted()).toEqual(
      prefixes.map((prefix) => `${prefix}/refresh`).toSorted(),
    );
  });

  test('counts login, register and change-password together, and responds 429 without forwarding', async () => {
    const gateway = await startTestGateway({ paths });
    for (const path of ['/auth/login', '/api/auth/login', '/auth/register/', '/api/auth/register']) {
      const { status, headers } = await gateway.call({ method: 'POST', path });
      expect(status).toBe(200);
      expect(headers['ratelimit-policy']).toMatch(/, "login"; q=10; w=60; pk=:[^:]+:$/);
    }
    expect((await gateway.call({ method: 'POST', path: '/auth/change-password' })).status).toBe(401);
    expect((await gateway.callSignedIn({ method: 'POST', path: '/api/auth/change-password' })).status).toBe(200);
    for (let left = 3; left >= 0; left -= 1) {
      expect((await gateway.call(login)).headers['ratelimit']).toMatch(new RegExp(`, "login"; r=${left}; t=\\d+$`));
    }
    const reached = gateway.reached.length;
    for (const path of Object.keys(paths.auth).filter((path) => path !== '/auth/refresh')) {
      const { status, headers, json } = await gateway.callSignedIn({ method: 'POST', path, body: '{}' });
      expect([path, status, json.error_code, json.status]).toEqual([path, 429, 'RATE_LIMITED', 429]);
      expect(headers['content-type']).toContain('application/problem+json');
      expect(Number(headers['retry-after'])).toBeGreaterThan(50);
      expect(headers['ratelimit']).toMatch(/"login"; r=0; t=\d+$/);
    }
    expect(gateway.reached.length).toBe(reached);
    expect((await gateway.call({ method: 'POST', path: '/auth/refresh' })).status).toBe(200);
    expect((await gateway.callSignedIn({ path: '/auth/login' })).status).toBe(200);
  });

  test('counts requests for a new password too, of which an address may send ten an hour', async () => {
    const forgot = { method: 'POST', path: '/auth/forgot-password' };
    const gateway = await startTestGateway({
      paths: {
        auth: { ...paths.auth, [forgot.path]: { post: { open: true, address_rate_limit: 'forgot_password' } } },
      },
      settings: { LOGIN_RATE: '100/minute' },
    });
    const { headers } = await gateway.call(forgot);
    expect(headers['ratelimit-policy']).toMatch(/"login"; q=100; w=60; pk=:[^:]+:, "forgot-password"; q=10; w=3600;/);
    for (let sent = 1; sent < 10; sent += 1) expect((await gateway.call(forgot)).status).toBe(200);
    const rejected = await gateway.call(forgot);
    expect([rejected.status, rejected.json.error_code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(3000);
    expect((await gateway.call(login)).headers['ratelimit']).toMatch(/"login"; r=88;/);
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

const limited = {
  auth: { '/auth/refresh': { post: { open: true } } },
  customer: { '/api/customers': { get: {}, post: {} } },
};
const list = { path: '/api/customers' };
const refresh = { method: 'POST', path: '/auth/refresh' };
const perMinute = (ip: number, user: number) => ({
  RATE_LIMIT_IP_PER_MINUTE: String(ip),
  RATE_LIMIT_IP_PER_HOUR: '1000',
  RATE_LIMIT_USER_PER_MINUTE: String(user),
  RATE_LIMIT_USER_PER_HOUR: '20000',
  TRUST_PROXY: '1',
});
const statuses = async (count: number, send: () => Promise<CallResult>) => {
  const results: number[] = [];
  for (let time = 0; time < count; time += 1) results.push((await send()).status);
  return results;
};

/** The seconds left of a window that began a few seconds ago. */
const seconds = (window: number) =>
  expect.toSatisfy((text: string) => Number(text) <= window && Number(text) > window - 10);
const hourLeft = (headers: CallResult['headers']) => /"hour".*t=(\d+)/.exec(String(headers['ratelimit']))?.[1];

describe('the limit per address', () => {
  test('counts callers without a token together, in a minute and in an hour, and says so in the headers', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: perMinute(3, 100) });
    const first = await gateway.call(refresh);
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit-minute': '3',
      'x-ratelimit-limit-hour': '1000',
      ratelimit: '"minute"; r=2; t=60, "hour"; r=999; t=3600',
    });
    expect(first.headers['ratelimit-policy']).toMatch(
      /^"minute"; q=3; w=60; pk=:[^:]+:, "hour"; q=1000; w=3600; pk=:[^:]+:$/,
    );
    expect(await statuses(2, () => gateway.call(list))).toEqual([401, 401]);
    const reached = gateway.reached.length;
    for (const request of [refresh, list, { method: 'POST', path: '/api/customers', body: 'not json' }]) {
      const { status, headers, json } = await gateway.call(request);
      expect([status, json.error_code]).toEqual([429, 'RATE_LIMITED']);
      expect(headers).toMatchObject({ 'retry-after': seconds(60), 'x-ratelimit-limit-minute': '3' });
      // A rejected request counts in neither window.
      expect(headers['ratelimit']).toBe(
        `"minute"; r=0; t=${headers['retry-after']}, "hour"; r=997; t=${hourLeft(headers)}`,
      );
    }
    expect(gateway.reached.length).toBe(reached);
    expect((await gateway.callSignedIn(list)).status).toBe(200);
    expect((await gateway.call({ ...refresh, headers: from('192.0.2.9') })).status).toBe(200);
  });

  test('names the time of the longest window when several are full', async () => {
    const settings = { ...perMinute(2, 100), RATE_LIMIT_IP_PER_HOUR: '2' };
    const gateway = await startTestGateway({ paths: limited, settings });
    expect(await statuses(2, () => gateway.call(list))).toEqual([401, 401]);
    const { status, headers } = await gateway.call(list);
    expect(status).toBe(429);
    expect(headers).toMatchObject({ 'retry-after': seconds(3600) });
  });

  test('counts an invalid token, and not a valid one; unknown paths, and not the paths of monitors', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: perMinute(4, 100) });
    const forged = { Authorization: `Bearer ${gateway.token.slice(0, -4)}AAAA` };
    expect((await gateway.call({ ...list, headers: forged })).status).toBe(401);
    expect((await gateway.call({ ...refresh, headers: forged })).status).toBe(200);
    expect(await statuses(5, () => gateway.callSignedIn(list))).toEqual([200, 200, 200, 200, 200]);
    for (const path of ['/health', '/ready', '/', '/health/', '/ready?all=1'])
      expect(await statuses(2, () => gateway.call({ path }))).toEqual([200, 200]);
    const preflight = {
      method: 'OPTIONS',
      path: '/api/customers',
      headers: { 'Access-Control-Request-Method': 'GET' },
    };
    expect(await statuses(2, () => gateway.call(preflight))).toEqual([204, 204]);
    expect(await statuses(3, () => gateway.call({ path: '/nowhere' }))).toEqual([404, 404, 429]);
    // No other limiter sees these, whatever token they carry.
    const unmatched = { path: '/nowhere', headers: forged };
    expect(await statuses(1, () => gateway.call(unmatched))).toEqual([429]);
    expect(await statuses(1, () => gateway.call({ ...list, method: 'PUT' }))).toEqual([429]);
    expect((await gateway.call({ ...list, headers: forged })).status).toBe(429);
    expect((await gateway.call({ path: '/health' })).status).toBe(200);
  });

  test('counts an IPv6 client by its /56', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: perMinute(2, 100) });
    const post = async (address: string) => (await gateway.call({ ...refresh, headers: from(address) })).status;
    expect([await post('2001:db8:0:12::1'), await post('2001:db8:0:1f:2::2')]).toEqual([200, 200]);
    expect([await post('2001:db8:0:10::3'), await post('2001:db8:0:100::1')]).toEqual([429, 200]);
  });

  test('rejects before the body arrives', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: perMinute(1, 100) });
    expect((await gateway.call(refresh)).status).toBe(200);
    const connection = openConnection(gateway.port);
    connection.send('POST /auth/refresh HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    await until(() => connection.received().startsWith('HTTP/1.1 429'), 'a response before the body');
  });
});

describe('the limit per user', () => {
  test('counts a user’s requests from all addresses and sessions, and no other user’s', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: perMinute(100, 3) });
    const sessions = [gateway.token, signToken(gateway.key, { sid: randomUUID() })];
    const get = (token: string, address: string) =>
      gateway.call({ ...list, headers: { Authorization: `Bearer ${token}`, ...from(address) } });
    const results = [
      await get(sessions[0] ?? '', '192.0.2.1'),
      await get(sessions[1] ?? '', '192.0.2.2'),
      await get(sessions[0] ?? '', '192.0.2.3'),
      await get(sessions[1] ?? '', '192.0.2.4'),
    ];
    expect(results.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(results[0]?.headers['ratelimit']).toBe('"minute"; r=2; t=60, "hour"; r=19999; t=3600');
    expect(results[3]?.headers).toMatchObject({ 'retry-after': seconds(60), 'x-ratelimit-limit-hour': '20000' });
    const other = signToken(gateway.key, { sub: randomUUID(), sid: randomUUID() });
    expect((await get(other, '192.0.2.1')).status).toBe(200);
  });

  test('says for how long the hour is full', async () => {
    const settings = { ...perMinute(100, 100), RATE_LIMIT_USER_PER_HOUR: '2' };
    const gateway = await startTestGateway({ paths: limited, settings });
    expect(await statuses(3, () => gateway.callSignedIn(list))).toEqual([200, 200, 429]);
    const { headers, json } = await gateway.callSignedIn(list);
    const left = headers['retry-after'];
    expect([left, json.detail]).toEqual([seconds(3600), `Rate limit exceeded; retry in ${left} s`]);
    expect(headers['ratelimit']).toMatch(new RegExp(`^"minute"; r=98; t=\\d+, "hour"; r=0; t=${left}$`));
  });

  test('is disabled by RATE_LIMITS=off', async () => {
    const gateway = await startTestGateway({ paths: limited, settings: { ...perMinute(1, 1), RATE_LIMITS: 'off' } });
    expect(await statuses(3, () => gateway.callSignedIn(list))).toEqual([200, 200, 200]);
    expect(await statuses(3, () => gateway.call(refresh))).toEqual([200, 200, 200]);
    expect((await gateway.call(refresh)).headers).not.toHaveProperty('x-ratelimit-limit-minute');
  });
});

test('limits of a service stand beside the gateway’s in the headers', async () => {
  const gateway = await startTestGateway({
    paths: limited,
    settings: perMinute(100, 100),
    serve: {
      customer: (_req, res) => {
        res.setHeader('RateLimit', '"changes"; r=2; t=60');
        res.setHeader('RateLimit-Policy', '"changes"; q=3; w=60');
        res.end();
      },
    },
  });
  const { headers } = await gateway.callSignedIn(list);
  expect(headers['ratelimit']).toBe('"minute"; r=99; t=60, "hour"; r=19999; t=3600, "changes"; r=2; t=60');
  expect(headers['ratelimit-policy']).toMatch(/^"minute"; .*, "hour"; .*, "changes"; q=3; w=60$/);
});
