import { randomUUID } from 'node:crypto';
import { hashApiKey, isWellFormedApiKey, keyPermissionsOf, type VerifiedApiKey } from '@clientela/contracts';
import { serviceTest, tablesContaining, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import type { ApiKey, NewApiKey } from './schema.ts';

const test = serviceTest(createTestAuth)
  .extend('founder', async ({ service }) => (await service.register()).client)
  .extend('create', ({ founder }) => async (body: Partial<NewApiKey> = {}): Promise<Issued> => {
    const input = { name: 'Web shop', role: 'manager', ...body };
    return (await founder.post(path, input).expect(201)).body as Issued;
  });
type Issued = { message: string; api_key: ApiKey; key: string };

const path = '/api/v1/api-keys';
const pathOf = ({ api_key }: Pick<Issued, 'api_key'>) => `${path}/${api_key.id}`;
const inFuture = (ms: number) => new Date(Date.now() + ms).toISOString();
const dayMs = 86_400_000;
const pathsIn = (body: { errors: { path: string }[] }) => body.errors.map((error) => error.path);

/** Asks about a key as the gateway does. */
async function verify(
  service: TestAuth,
  key: string,
  used?: { at: string; ip: string },
): Promise<VerifiedApiKey['api_key']> {
  const body = { hash: hashApiKey(key), ...(used && { used }) };
  return (await service.anonymous().post('/internal/api-keys/verify', body).expect(200)).body.api_key;
}
/** The versions that the feed of revocations announces. */
const announced = async (service: TestAuth, since: string) => {
  const { body } = await service.anonymous().get(`/internal/revocations?since=${since}`).expect(200);
  return new Map((body.api_keys as { id: string; version: number }[]).map(({ id, version }) => [id, version]));
};
const address = '192.0.2.7'; // of every test client
const auditOf = async (service: TestAuth, id: string) =>
  service.database
    .owner('audit_logs')
    .where({ resource_id: id })
    .orderBy('id')
    .select('actor_id', 'action', 'fields', 'ip');

describe('a new API key', () => {
  test('is shown once, stored as a hash only, and verified with the permissions of its role', async ({
    service,
    founder,
    create,
  }) => {
    const { api_key, key, message } = await create();
    expect(message).toBe('API key created');
    expect(key).toMatch(/^clt_[0-9A-Za-z]{49}$/);
    expect(isWellFormedApiKey(key)).toBe(true);
    expect(isWellFormedApiKey(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`)).toBe(false);
    expect(api_key).toEqual({
      id: expect.any(String),
      name: 'Web shop',
      prefix: key.slice(0, 8),
      role: 'manager',
      permissions: null,
      allowed_ips: null,
      rate_per_minute: null,
      expires_at: expect.any(String),
      last_used_at: null,
      last_used_ip: null,
      created_by: founder.user_id,
      created_at: expect.any(String),
      revoked_at: null,
      version: 1,
    });
    const years = (Date.parse(api_key.expires_at) - Date.now()) / (365.25 * dayMs);
    expect(years).toBeCloseTo(1, 2);

    expect(await verify(service, key)).toEqual({
      id: api_key.id,
      version: 1,
      company_id: founder.company_id,
      role: 'manager',
      permissions: keyPermissionsOf('manager'),
      expires_at: api_key.expires_at,
      allowed_ips: null,
      rate_per_minute: null,
    });
    expect(await verify(service, `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`)).toBeNull();
    expect((await founder.get(path).expect(200)).body).toEqual({ api_keys: [api_key], total: 1, limit: 20, offset: 0 });
    expect((await founder.get(pathOf({ api_key })).expect(200)).body).toEqual({ api_key });
    expect(await tablesContaining(service.database.owner, key.slice(8))).toEqual([]);
    expect(await auditOf(service, api_key.id)).toEqual([
      { actor_id: founder.user_id, action: 'api_key.created', fields: [], ip: address },
    ]);
  });

  test('has a part of its role’s permissions, an end within two years, networks and a lower limit', async ({
    service,
    founder,
    create,
  }) => {
    const limited = {
      role: 'viewer' as const,
      permissions: ['products:read', 'customers:read', 'products:read'] as const,
      allowed_ips: ['203.0.113.0/24', '2001:db8::/32', '192.0.2.7'],
      rate_per_minute: 10,
      expires_at: inFuture(dayMs),
    };
    const { key, api_key } = await create({ ...limited, permissions: [...limited.permissions] });
    const permissions = ['customers:read', 'products:read'];
    expect(api_key).toMatchObject({ ...limited, permissions });
    expect(await verify(service, key)).toMatchObject({ ...limited, permissions });

    const invalid: [object, string][] = [
      [{ role: 'superuser' }, 'role'],
      [{ role: 'customer' }, 'role'],
      [{ name: '' }, 'name'],
      [{ permissions: [] }, 'permissions'],
      [{ role: 'viewer', permissions: ['customers:read', 'customers:create'] }, 'permissions.1'],
      [{ role: 'viewer', permissions: ['users:update'] }, 'permissions.0'], // own record only
      [{ expires_at: inFuture(-1000) }, 'expires_at'],
      [{ expires_at: inFuture(800 * dayMs) }, 'expires_at'],
      [{ allowed_ips: ['203.0.113.0/33'] }, 'allowed_ips.0'],
      [{ allowed_ips: ['::ffff:1.2.3.4'] }, 'allowed_ips.0'],
      [{ allowed_ips: ['localhost'] }, 'allowed_ips.0'],
      [{ rate_per_minute: 601 }, 'rate_per_minute'],
      [{ rate_per_minute: 0 }, 'rate_per_minute'],
    ];
    for (const [body, field] of invalid) {
      const response = await founder.post(path, { name: 'Web shop', role: 'manager', ...body }).expect(422);
      expect([body, pathsIn(response.body)]).toEqual([body, [field]]);
    }
    const idempotent = await founder.post(path, { name: 'x', role: 'viewer' }).set('Idempotency-Key', 'key-1');
    expect([idempotent.status, pathsIn(idempotent.body)]).toEqual([422, ['Idempotency-Key']]);
  });

  test('is for admins; other companies do not see it', async ({ service, founder, create }) => {
    const issued = await create();
    const company = { id: founder.company_id ?? '' };
    const stranger = (await service.register()).client;
    const notFound = (client: TestUser) => [
      client.get(pathOf(issued)),
      client.put(pathOf(issued), { name: 'x' }),
      client.post(`${pathOf(issued)}/rotate`, {}),
      client.delete(pathOf(issued)),
    ];
    for (const request of notFound(stranger))
      expect((await request.expect(404)).body.error_code).toBe('API_KEY_NOT_FOUND');
    expect((await stranger.get(path)).body.api_keys).toEqual([]);
    for (const role of ['manager', 'viewer'] as const)
      expect((await service.user(role, company).post(path, {}).expect(403)).body.missing).toBe('keys:manage');
    const key = service.apiKey('admin', ['keys:manage'], company, issued.api_key.id);
    for (const request of notFound(key)) expect((await request.expect(403)).body.detail).toMatch(/API keys may not/);
    const root = service.user('superuser');
    expect((await root.get(`${path}?company_id=${company.id}`).expect(200)).body.total).toBe(1);
    await root.get(path).expect(422);
  });
});

test('a change takes effect by its announcement; the end only comes closer, and the rest is read-only', async ({
  service,
  founder,
  create,
}) => {
  const issued = await create();
  const since = new Date().toISOString();
  const changes = {
    name: 'Till',
    permissions: ['customers:read'],
    allowed_ips: ['10.0.0.0/8'],
    expires_at: inFuture(dayMs),
  };
  const { body, headers } = await founder.put(pathOf(issued), changes).expect(200);
  expect(body.api_key).toEqual({ ...issued.api_key, ...changes, version: 2 });
  expect(headers['etag']).toBe('"2"');
  expect((await announced(service, since)).get(issued.api_key.id)).toBe(2);
  const { name: _, ...verified } = changes;
  expect(await verify(service, issued.key)).toMatchObject({ ...verified, version: 2 });

  const whole = { ...body.api_key, last_used_at: since, last_used_ip: '192.0.2.1' };
  expect((await founder.put(pathOf(issued), whole).expect(200)).body).toEqual(body);
  const invalid: [object, string][] = [
    [{ expires_at: inFuture(2 * dayMs) }, 'expires_at'],
    [{ expires_at: inFuture(-1000) }, 'expires_at'],
    [{ role: 'admin' }, 'role'],
    [{ rate_per_minute: 5 }, 'rate_per_minute'],
    [{ permissions: ['users:delete'] }, 'permissions.0'],
  ];
  for (const [change, field] of invalid)
    expect(pathsIn((await founder.put(pathOf(issued), change).expect(422)).body)).toEqual([field]);
  await founder.put(pathOf(issued), { name: 'x' }).set('If-Match', '"1"').expect(412);
  expect((await auditOf(service, issued.api_key.id)).slice(1)).toEqual([
    { actor_id: founder.user_id, action: 'api_key.updated', fields: Object.keys(changes), ip: address },
  ]);
});

test('a rotated key stays good for its grace period, beside one new key and no older one', async ({
  service,
  founder,
  create,
}) => {
  const issued = await create();
  const rotate = async (body: object) =>
    (await founder.post(`${pathOf(issued)}/rotate`, body).expect(200)).body as Issued;
  const since = new Date().toISOString();
  const second = await rotate({ grace: '2h' });
  expect(second.api_key).toEqual({ ...issued.api_key, prefix: second.key.slice(0, 8), version: 2 });
  expect((await announced(service, since)).get(issued.api_key.id)).toBe(2);
  const old = await verify(service, issued.key);
  expect(Date.parse(old?.expires_at ?? '') - Date.now()).toBeCloseTo(7_200_000, -5);
  expect(await verify(service, second.key)).toMatchObject({ id: old?.id, expires_at: issued.api_key.expires_at });

  const third = await rotate({});
  expect([await verify(service, issued.key), await verify(service, second.key)]).toEqual([null, expect.any(Object)]);
  const fourth = await rotate({ grace: '0' });
  expect([await verify(service, third.key), await verify(service, fourth.key)]).toEqual([null, expect.any(Object)]);
  for (const grace of ['8d', '169h', '1w', '-1h', ''])
    expect(pathsIn((await founder.post(`${pathOf(issued)}/rotate`, { grace }).expect(422)).body)).toEqual(['grace']);
  const actions = (await auditOf(service, issued.api_key.id)).map(({ action }) => action);
  expect(actions).toEqual(['api_key.created', ...Array<string>(3).fill('api_key.rotated')]);
  await service.database.owner('api_keys').where({ id: issued.api_key.id }).update({ expires_at: new Date() });
  for (const request of [founder.post(`${pathOf(issued)}/rotate`, {}), founder.put(pathOf(issued), { name: 'x' })])
    expect((await request.expect(409)).body.error_code).toBe('API_KEY_ENDED');
  expect(await verify(service, fourth.key)).toBeNull();
});

test('only gateways ask about keys', async ({ service, create }) => {
  const { key } = await create();
  for (const program of ['customer', 'interaction', 'product', 'favorites'] as const)
    await service
      .callingService(program)
      .post('/internal/api-keys/verify', { hash: hashApiKey(key) })
      .expect(403);
  expect(await verify(service, key)).not.toBeNull();
});

test('a revoked key, and one of an inactive company, is unknown; its name stays', async ({
  service,
  founder,
  create,
}) => {
  const revoked = await create({ name: 'Old shop' });
  const live = await create();
  const since = new Date().toISOString();
  await founder.delete(pathOf(revoked)).expect(200);
  await founder.delete(pathOf(revoked)).expect(200);
  expect((await announced(service, since)).get(revoked.api_key.id)).toBe(2);
  expect([await verify(service, revoked.key), await verify(service, live.key)]).toEqual([null, expect.any(Object)]);
  expect((await founder.put(pathOf(revoked), { name: 'x' }).expect(409)).body.error_code).toBe('API_KEY_ENDED');

  const ids = [revoked, live].map(({ api_key }) => `key:${api_key.id}`);
  const query = ids.map((id) => `id=${id}`).join('&');
  expect((await founder.get(`/api/v1/people?${query}`).expect(200)).body.people).toEqual([
    { id: ids[0], name: 'Old shop', active: false },
    { id: ids[1], name: 'Web shop', active: true },
  ]);
  const stranger = (await service.register()).client;
  expect((await stranger.get(`/api/v1/people?${query}`)).body.people).toEqual([]);
  const company = `/api/v1/companies/${founder.company_id}`;
  await service.user('superuser').put(company, { status: 'suspended' }).expect(200);
  expect(await verify(service, live.key)).toBeNull();
});

test('more changes than an announcement can name are announced as such, and leave tokens valid', async ({
  service,
  founder,
  create,
}) => {
  const { api_key } = await create();
  const keys = service.database.owner('api_keys');
  await service.database.owner.raw(
    `insert into api_keys (id, company_id, name, prefix, key_hash, role, expires_at, changed_at)
     select gen_random_uuid(), company_id, 'Shop', 'clt_0000', sha256(convert_to('key ' || n, 'UTF8')), role, '2101-01-01', '2100-01-01'
       from api_keys, generate_series(1, 10001) as n where id = ?`,
    [api_key.id],
  );
  const { body } = await service.anonymous().get('/internal/revocations?since=2099-01-01T00:00:00Z').expect(200);
  expect(body).toMatchObject({ sessions: [], api_keys_truncated: true });
  expect([body.api_keys.length, body.truncated]).toEqual([10_000, undefined]);
  await keys.where({ changed_at: '2100-01-01' }).delete();
  await founder.get(path).expect(200);
});

test('a use that the gateway reports is stored at most once a minute', async ({ service, founder, create }) => {
  const issued = await create();
  const lastUse = async () => {
    const { api_key } = (await founder.get(pathOf(issued)).expect(200)).body as Issued;
    return [api_key.last_used_at, api_key.last_used_ip, api_key.version];
  };
  const minuteAgo = new Date(Date.now() - 60_000).toISOString();
  await verify(service, issued.key);
  expect(await lastUse()).toEqual([null, null, 1]);
  await verify(service, issued.key, { at: minuteAgo, ip: '192.0.2.1' });
  await verify(service, issued.key, { at: new Date(Date.now() - 30_000).toISOString(), ip: '192.0.2.2' });
  expect(await lastUse()).toEqual([minuteAgo, '192.0.2.1', 1]);
  await verify(service, issued.key, { at: inFuture(dayMs), ip: '192.0.2.3' });
  const [at, ip] = await lastUse();
  expect([String(at) <= new Date().toISOString(), ip]).toEqual([true, '192.0.2.3']);
});

test('a user who is deactivated, demoted or deleted leaves its keys, which revoke_keys ends', async ({
  service,
  founder,
}) => {
  const users = '/api/v1/users';
  const admin = async () => {
    const input = { email: `${randomUUID()}@example.com`, password: randomUUID(), role: 'admin' };
    const { body } = await founder.post(users, input).expect(201);
    const maker = service.user('admin', { id: founder.company_id ?? '' }, body.id);
    const { api_key, key } = (await maker.post(path, { name: 'Shop', role: 'viewer' }).expect(201)).body as Issued;
    return { at: `${users}/${body.id}`, api_keys: [{ id: api_key.id, name: 'Shop' }], key };
  };
  const demoted = await admin();
  expect((await founder.put(demoted.at, { first_name: 'Ana' }).expect(200)).body).not.toHaveProperty('api_keys');
  expect((await founder.put(demoted.at, { role: 'viewer' }).expect(200)).body.api_keys).toEqual(demoted.api_keys);
  expect(await verify(service, demoted.key)).not.toBeNull();
  const ended = await founder.put(`${demoted.at}?revoke_keys=true`, { active: false }).expect(200);
  expect([ended.body.api_keys, await verify(service, demoted.key)]).toEqual([demoted.api_keys, null]);

  const deactivated = await admin();
  const answer = await founder.delete(deactivated.at).expect(200);
  expect(answer.body).toEqual({ message: 'User deactivated', api_keys: deactivated.api_keys });
  expect(await verify(service, deactivated.key)).not.toBeNull();
  await founder.delete(`${deactivated.at}?revoke_keys=true`).expect(200);
  expect(await verify(service, deactivated.key)).toBeNull();

  const removed = await admin();
  const { body } = await founder.delete(`${removed.at}?hard_delete=true&revoke_keys=true`).expect(200);
  expect([body.api_keys, await verify(service, removed.key)]).toEqual([removed.api_keys, null]);
  expect((await auditOf(service, removed.api_keys[0]?.id ?? '')).at(-1)).toEqual({
    actor_id: founder.user_id,
    action: 'api_key.revoked',
    fields: [],
    ip: address,
  });
});

test('the erasure of its maker keeps a key, without the person and the address', async ({
  service,
  founder,
  create,
}) => {
  const { api_key, key } = await create();
  await verify(service, key, { at: new Date().toISOString(), ip: '192.0.2.1' });
  const person = {
    company_id: founder.company_id,
    customer_id: null,
    customer_number: null,
    user_id: founder.user_id,
  };
  const customer = service.callingService('customer', { ...service.company(), id: founder.company_id ?? '' });
  const exported = await customer.post('/internal/privacy/export', { person, section: 'sessions' }).expect(200);
  const row = (exported.body.rows as object[]).find((each) => JSON.stringify(each).includes(api_key.id));
  expect(row).toMatchObject({
    name: 'Web shop',
    role: 'manager',
    created_by: founder.user_id,
    last_used_ip: '192.0.2.1',
  });
  expect(Object.keys(row ?? {})).not.toEqual(expect.arrayContaining(['key_hash']));
  await customer.post('/internal/privacy/erasures', { request_id: randomUUID(), person }).expect(200);
  const [kept] = await service.database.owner('api_keys').where({ id: api_key.id });
  expect(kept).toMatchObject({ name: 'Web shop', created_by: null, last_used_ip: null, revoked_at: null });
  expect(await verify(service, key)).not.toBeNull();
});

test('a change that a key makes in auth is decided by the key as it is stored', async ({
  service,
  founder,
  create,
}) => {
  const { api_key } = await create({ role: 'admin', permissions: ['events:manage'] });
  const company = { id: founder.company_id ?? '' };
  const { user_id } = founder;
  const drop = async (key: TestUser) => {
    const event_id = randomUUID();
    const envelope = {
      id: event_id,
      name: 'customer.created',
      occurred_at: new Date().toISOString(),
      company_id: company.id,
      actor_id: user_id,
      request_id: 'request-1',
      sequence: 1,
      data: { customer_id: event_id },
    };
    await service.database.owner('dead_letters').insert({ event_id, envelope, attempts: 1, reason: 'no' });
    return key.delete(`/api/v1/events/failed/${event_id}`, { reason: 'Never' });
  };
  const key = service.apiKey('admin', ['events:manage'], company, api_key.id);
  expect((await drop(key)).status).toBe(200);
  const [entry] = await service.database.owner('audit_logs').where({ action: 'event.dropped', company_id: company.id });
  expect(entry.actor_id).toBe(`key:${api_key.id}`);
  for (const other of [
    service.apiKey('admin', ['events:manage'], company),
    service.apiKey('admin', ['events:manage'], { id: randomUUID() }, api_key.id),
  ])
    expect((await drop(other)).status).toBe(401);
  await founder.put(`${path}/${api_key.id}`, { permissions: ['audit:read'] }).expect(200);
  expect((await drop(key)).status).toBe(401);
  await founder.put(`${path}/${api_key.id}`, { permissions: null }).expect(200);
  expect((await drop(key)).status).toBe(200);
  await founder.delete(`${path}/${api_key.id}`).expect(200);
  expect((await drop(key)).status).toBe(401);
});
