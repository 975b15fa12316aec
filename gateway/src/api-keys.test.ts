import { randomBytes, randomUUID } from 'node:crypto';
import { formatApiKey, hashApiKey, type VerifiedApiKey } from '@clientela/contracts';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createApiKeys } from './api-keys.ts';
import { limits } from './limits.ts';
import { company_id, revocationsResponse, startTestGateway, unusedUrl, until } from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {} } }, auth: { '/auth/login': { post: { open: true } } } };
type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;
type StoredKey = NonNullable<VerifiedApiKey['api_key']>;

const newKey = () => formatApiKey(randomBytes(32));
const stored = (fields: Partial<StoredKey> = {}): StoredKey => ({
  id: randomUUID(),
  version: 1,
  company_id,
  role: 'manager',
  permissions: ['customers:read', 'products:read'],
  expires_at: new Date(Date.now() + 3_600_000).toISOString(),
  allowed_ips: null,
  rate_per_minute: null,
  ...fields,
});
const get = (gateway: TestGateway, key: string, headers: Record<string, string> = {}) =>
  gateway.call({ path: '/api/customers', headers: { Authorization: `Bearer ${key}`, ...headers } });
const statusOf = async (gateway: TestGateway, key: string) => (await get(gateway, key)).status;

/** A gateway whose auth knows one key. */
async function startWithKey(fields: Partial<StoredKey> = {}, options: Parameters<typeof startTestGateway>[0] = {}) {
  const [key, record] = [newKey(), stored(fields)];
  const known = new Map<string, StoredKey | null>([[hashApiKey(key), record]]);
  const gateway = await startTestGateway({ paths, ...options, apiKeys: ({ hash }) => known.get(hash) ?? null });
  const asked = (of = key) => gateway.apiKeys.asked.filter(({ hash }) => hash === hashApiKey(of));
  return { gateway, key, record, known, asked };
}

describe('an API key', () => {
  test('is asked about once, by its hash, and forwarded as the identity that it stands for', async () => {
    const { gateway, key, record, asked } = await startWithKey();
    const forged = { 'X-Key-Id': randomUUID(), 'X-Permissions': 'users:delete', 'X-User-Id': randomUUID() };
    expect((await get(gateway, key, { ...forged, 'X-User-Role': 'superuser' })).status).toBe(200);
    const { headers } = gateway.reached.at(-1) ?? {};
    expect(headers).toMatchObject({
      'x-key-id': record.id,
      'x-user-role': 'manager',
      'x-company-id': company_id,
      'x-permissions': 'customers:read,products:read',
    });
    for (const name of ['x-user-id', 'x-session-id', 'authorization']) expect(headers).not.toHaveProperty(name);
    await until(() => asked().some(({ used }) => used), 'the report of the use');
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(gateway, key)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(asked().map(({ used }) => used?.ip)).toEqual([undefined, '127.0.0.1']);
    expect(gateway.logLines.find(({ route }) => route === '/api/customers')).toMatchObject({
      actor_id: `key:${record.id}`,
      company_id,
    });
    expect(JSON.stringify([gateway.logLines, gateway.reached, gateway.apiKeys.asked])).not.toContain(key.slice(8));
  });

  test('that is mistyped is a 401 without asking; an unknown one is asked about once within 10 seconds', async () => {
    const { gateway, key, asked } = await startWithKey();
    const unknown = newKey();
    for (const malformed of [`${key.slice(0, -1)}_`, `${key}0`, 'clt_', key.replace('clt_', 'CLT_'), key.toLowerCase()])
      expect([malformed, await statusOf(gateway, malformed)]).toEqual([malformed, 401]);
    expect(gateway.apiKeys.asked).toEqual([]);
    const { headers, json } = await get(gateway, unknown);
    expect([headers['www-authenticate'], json.error_code, json.detail]).toEqual([
      'Bearer realm="clientela", error="invalid_token"',
      'UNAUTHENTICATED',
      'Invalid, expired or revoked API key',
    ]);
    expect([await statusOf(gateway, unknown), asked(unknown).length]).toEqual([401, 1]);
    // An open route ignores it.
    const login = { method: 'POST', path: '/auth/login', headers: { Authorization: `Bearer ${unknown}` } };
    expect((await gateway.call(login)).status).toBe(200);
    expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('x-key-id');
  });

  test('is accepted in the Authorization header only', async () => {
    const { gateway, key } = await startWithKey();
    for (const request of [
      { path: `/api/customers?api_key=${key}` },
      { path: '/api/customers', headers: { 'X-Api-Key': key, Cookie: `key=${key}` } },
      { path: '/api/customers', headers: { Authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` } },
      { path: '/api/customers', headers: { Authorization: key } },
    ])
      expect((await gateway.call(request)).status).toBe(401);
    expect(gateway.apiKeys.asked).toEqual([]);
  });

  test('is judged by its end and its networks at each request', async () => {
    const end = Date.now() + 60_000;
    const expiring = await startWithKey({ expires_at: new Date(end).toISOString() });
    onTestFinished(() => void vi.useRealTimers());
    vi.setSystemTime(end - 1);
    expect(await statusOf(expiring.gateway, expiring.key)).toBe(200);
    vi.setSystemTime(end);
    expect(await statusOf(expiring.gateway, expiring.key)).toBe(401);
    vi.useRealTimers();

    const allowed_ips = ['192.0.2.0/24', '198.51.100.7', '2001:db8::/32'];
    const { gateway, key, asked } = await startWithKey({ allowed_ips }, { settings: { TRUST_PROXY: '1' } });
    const from = async (address: string) => (await get(gateway, key, { 'X-Forwarded-For': address })).json;
    for (const address of ['192.0.2.9', '::ffff:192.0.2.9', '198.51.100.7', '2001:db8:1::1'])
      expect([address, (await from(address))['method']]).toEqual([address, 'GET']);
    for (const address of ['192.0.3.9', '198.51.100.8', '2001:db9::1', '127.0.0.1'])
      expect([address, await from(address)]).toMatchObject([
        address,
        { status: 403, error_code: 'API_KEY_ADDRESS_NOT_ALLOWED' },
      ]);
    expect(asked().filter(({ used }) => !used)).toHaveLength(1);
  });

  test('that is announced as changed or revoked is asked about again, and rejected at once when it is gone', async () => {
    const { gateway, key, record, known, asked } = await startWithKey();
    const other = newKey();
    known.set(hashApiKey(other), stored());
    const announce = (version: number) => {
      gateway.revocations.respond = () => ({
        body: { ...revocationsResponse().body, api_keys: [{ id: record.id, version }] },
      });
    };
    expect([await statusOf(gateway, key), await statusOf(gateway, other)]).toEqual([200, 200]);
    known.set(hashApiKey(key), { ...record, version: 2, permissions: ['products:read'] });
    announce(2);
    await until(async () => {
      await get(gateway, key);
      return gateway.reached.at(-1)?.headers['x-permissions'] === 'products:read';
    }, 'the new permissions');
    const polls = gateway.revocations.polls.length;
    const before = asked().length;
    await until(() => gateway.revocations.polls.length > polls + 2, 'further announcements of the same version');
    expect([await statusOf(gateway, key), asked().length]).toEqual([200, before]);

    known.set(hashApiKey(key), null);
    announce(3);
    await until(async () => (await statusOf(gateway, key)) === 401, 'the revocation');
    expect(await statusOf(gateway, other)).toBe(200);
  });

  test('is asked about again when more keys changed than an announcement can name; tokens stay valid', async () => {
    const { gateway, key, known } = await startWithKey();
    expect(await statusOf(gateway, key)).toBe(200);
    known.set(hashApiKey(key), null);
    gateway.revocations.respond = () => revocationsResponse([], [], { api_keys_truncated: true });
    await until(async () => (await statusOf(gateway, key)) === 401, 'the revocation');
    expect((await gateway.callSignedIn({ path: '/api/customers' })).status).toBe(200);
  });

  test('of a company that is not active is a 401', async () => {
    const { gateway, key } = await startWithKey();
    expect(await statusOf(gateway, key)).toBe(200);
    gateway.revocations.respond = () => revocationsResponse([], [{ id: company_id, active: false }]);
    await until(async () => (await statusOf(gateway, key)) === 401, 'the company is rejected');
    gateway.revocations.respond = () => revocationsResponse([], [{ id: company_id, active: true }]);
    await until(async () => (await statusOf(gateway, key)) === 200, 'the company is accepted');
  });
});

describe('while auth is away', () => {
  test('known API keys work beyond the 5 minutes for which they are remembered; unknown ones are a 503', async () => {
    const limits = { apiKeyLifetime: 50, apiKeyTimeout: 1000, apiKeyRetryInterval: 50 };
    const { gateway, key, asked } = await startWithKey({}, { limits });
    const useUntilAsked = async () => {
      const before = asked().length;
      await until(async () => {
        expect(await statusOf(gateway, key)).toBe(200);
        return asked()
          .slice(before)
          .some(({ used }) => !used);
      }, 'the key is asked about again');
    };
    await useUntilAsked();

    for (const response of [503, 0]) {
      gateway.apiKeys.respond = () => response;
      await useUntilAsked();
      expect(await statusOf(gateway, key)).toBe(200);
      const unknown = await get(gateway, newKey());
      expect([unknown.status, unknown.json.error_code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
      expect(unknown.headers['retry-after']).toBe('1');
    }
  });

  test('for long, keys are asked about again when it is back, because announcements may have been missed', async () => {
    const { gateway, key, known } = await startWithKey({}, { limits: { revocationsFullFetchAfter: 300 } });
    expect(await statusOf(gateway, key)).toBe(200);
    const before = gateway.revocations.polls.length;
    gateway.revocations.respond = () => ({ status: 503, body: {} });
    await until(() => gateway.revocations.polls.slice(before + 1).includes(null), 'a full fetch');
    known.set(hashApiKey(key), null);
    expect(await statusOf(gateway, key)).toBe(200);
    gateway.revocations.respond = () => revocationsResponse();
    await until(async () => (await statusOf(gateway, key)) === 401, 'the revocation');
  });

  test('an auth that refuses connections, too', async () => {
    const gateway = await startTestGateway({
      paths: { customer: paths.customer },
      urls: { auth: await unusedUrl() },
      waitUntilReady: false,
    });
    const { status, json } = await get(gateway, newKey());
    expect([status, json.detail]).toEqual([503, 'The gateway cannot verify tokens yet']);
  });
});

describe('limits', () => {
  test('count per key, by its own rate where that is lower', async () => {
    const [slow, normal] = [newKey(), newKey()];
    const known = new Map([
      [hashApiKey(slow), stored({ rate_per_minute: 2 })],
      [hashApiKey(normal), stored()],
    ]);
    const gateway = await startTestGateway({
      paths,
      settings: { RATE_LIMIT_USER_PER_MINUTE: '4' },
      apiKeys: ({ hash }) => known.get(hash) ?? null,
    });
    const statuses = async (key: string) => {
      const result: number[] = [];
      for (let count = 0; count < 5; count += 1) result.push(await statusOf(gateway, key));
      return result;
    };
    expect(await statuses(slow)).toEqual([200, 200, 429, 429, 429]);
    expect(await statuses(normal)).toEqual([200, 200, 200, 200, 429]);
    const { headers } = await get(gateway, slow);
    expect(headers['x-ratelimit-limit-minute']).toBe('2');
  });

  test('count unknown keys against the address, which causes no more requests to auth once it is limited', async () => {
    const gateway = await startTestGateway({ paths, settings: { RATE_LIMIT_IP_PER_MINUTE: '3' } });
    const statuses: number[] = [];
    for (let count = 0; count < 20; count += 1) statuses.push(await statusOf(gateway, newKey()));
    expect(statuses.slice(0, 4)).toEqual([401, 401, 401, 429]);
    expect(new Set(statuses.slice(4))).toEqual(new Set([429]));
    expect(gateway.apiKeys.asked).toHaveLength(4);
  });

  test('reject a key that may not be asked about by a 429, because it may be good', async () => {
    const asked = () => Promise.reject(new Error('asked'));
    const apiKeys = createApiKeys(asked, 'service key', limits);
    const verify = (key: string) => apiKeys.verify(key, { address: '127.0.0.1', mayAsk: () => false });
    await expect(verify(newKey())).rejects.toMatchObject({ kind: 'rate_limited', headers: { 'Retry-After': '1' } });
    await expect(verify('clt_malformed')).rejects.toMatchObject({ kind: 'unauthenticated' });
  });
});
