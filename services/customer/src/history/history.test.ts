import { randomUUID } from 'node:crypto';
import type { Role } from '@clientela/contracts';
import { isUuid } from '@clientela/db';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import type { UserWithCompany } from '../profiles/actions.ts';

/** Users known to auth. */
const users = new Map<string, UserWithCompany>();

const test = serviceTest(() =>
  createTestCustomer({
    users: () => async (id) => users.get(id),
    avatarStorage: { put: async () => {}, get: async () => undefined, remove: async () => {} },
  }),
).extend('company', ({ service }) => service.company({ country: 'RO', currency: 'RON' }));

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
type Entry = { id: string; at: string; actor_id: string; action: string; reason?: string; changes: object[] };
const read = async (admin: TestUser, id: string, query = '') =>
  (await admin.get(`${path}/${id}/history${query}`).expect(200)).body as {
    history: Entry[];
    next_cursor: string | null;
  };
/** Returns the newest entry without its id, and without its time, which must be now. */
const latest = async (admin: TestUser, id: string) => {
  const { id: entryId, at, ...entry } = (await read(admin, id)).history[0] as Entry;
  expect(isUuid(entryId)).toBe(true);
  expect(Math.abs(Date.now() - Date.parse(at))).toBeLessThan(60_000);
  expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  return entry;
};

describe('the history has the author and the values before and after', () => {
  test('of every change from creation to deletion and activation', async ({ service, company, admin }) => {
    const by = Object.fromEntries(
      (['admin', 'manager', 'superuser'] as const).map((role) => [
        role,
        service.user(role, role === 'superuser' ? undefined : company),
      ]),
    ) as Record<'admin' | 'manager' | 'superuser', TestUser>;
    const entry = (caller: TestUser, action: string, ...changes: [string, unknown, unknown][]) => ({
      actor_id: caller.user_id,
      action,
      changes: changes.map(([field, from, to]) => ({ field, from, to })),
    });

    const input = { full_name: 'Whole Life', phone: '0712345678', address: { city: 'Cluj' }, metadata: { a: 1 } };
    const { customer } = (await by.manager.post(path, input).expect(201)).body;
    const { id } = customer;
    const at = `${path}/${id}`;
    expect(await latest(admin, id)).toEqual(entry(by.manager, 'customer.created'));

    await by.admin.patch(at, { phone: '0712 345 679', metadata: { b: [2] } }).expect(200);
    expect(await latest(admin, id)).toEqual(
      entry(
        by.admin,
        'customer.updated',
        ['phone', '+40712345678', '+40712345679'],
        ['metadata', { a: 1 }, { a: 1, b: [2] }],
      ),
    );
    await by.manager.put(at, { address: { line: 'Str. Lungă 1' }, birthday: '1990-05-05' }).expect(200);
    const address = { line: null, city: 'Cluj', state: null, zip_code: null, country: null };
    expect(await latest(admin, id)).toEqual(
      entry(
        by.manager,
        'customer.updated',
        ['birthday', null, '1990-05-05'],
        ['address', address, { ...address, line: 'Str. Lungă 1' }],
      ),
    );
    await by.admin.patch(at, { firstname: 'Ana', full_name: null }).expect(200);
    expect(await latest(admin, id)).toEqual(
      entry(by.admin, 'customer.updated', ['full_name', 'Whole Life', 'Ana'], ['firstname', null, 'Ana']),
    );

    await by.superuser.patch(`${at}/type?company_id=${company.id}`, { type: 'vip' }).expect(200);
    expect(await latest(admin, id)).toEqual(entry(by.superuser, 'customer.updated', ['type', 'regular', 'vip']));
    const reason = 'Asked for a pause';
    await by.manager.patch(`${at}/status`, { status: 'inactive', reason }).expect(200);
    expect(await latest(admin, id)).toEqual({
      ...entry(by.manager, 'customer.status.changed', ['status', 'active', 'inactive']),
      reason,
    });
    await by.manager.patch(`${at}/activate`).expect(200);
    expect(await latest(admin, id)).toEqual(
      entry(by.manager, 'customer.status.changed', ['status', 'inactive', 'active']),
    );

    const { tags } = (await by.manager.post(`${at}/tags`, { labels: ['a', 'b'] }).expect(201)).body;
    expect(await latest(admin, id)).toEqual(entry(by.manager, 'customer.tag.added', ['tags', [], ['a', 'b']]));
    await by.admin.delete(`${at}/tags/${tags[0].id}`).expect(200);
    expect(await latest(admin, id)).toEqual(entry(by.admin, 'customer.tag.removed', ['tags', ['a', 'b'], ['b']]));
    const { note } = (await by.manager.post(`${at}/notes`, { content: 'Secret' }).expect(201)).body;
    expect(await latest(admin, id)).toEqual(entry(by.manager, 'customer.note.added'));
    await by.admin.delete(`${at}/notes/${note.id}`).expect(200);
    expect(await latest(admin, id)).toEqual(entry(by.admin, 'customer.note.removed'));

    const uploaded = await by.manager
      .post(`${at}/avatar`)
      .attach('file', await sampleImage('png'), 'me.png')
      .expect(200);
    const { avatar_url } = uploaded.body.customer;
    expect(await latest(admin, id)).toEqual(entry(by.manager, 'customer.updated', ['avatar_url', null, avatar_url]));
    await by.manager.delete(`${at}/avatar`).expect(200);
    expect(await latest(admin, id)).toEqual(entry(by.manager, 'customer.updated', ['avatar_url', avatar_url, null]));

    await by.superuser.delete(`${at}?company_id=${company.id}`).expect(200);
    expect(await latest(admin, id)).toEqual(entry(by.superuser, 'customer.deleted', ['status', 'active', 'deleted']));
    await by.manager.patch(`${at}/activate`).expect(200);
    expect(await latest(admin, id)).toEqual(
      entry(by.manager, 'customer.status.changed', ['status', 'deleted', 'active']),
    );
    const published = (await service.events()).filter(({ data }) => data['customer_id'] === id).map(({ name }) => name);
    const recorded = (await read(admin, id)).history.map(({ action }) => action).toReversed();
    const distinct = published.filter((name, index) => name !== published[index - 1] || name !== 'customer.tag.added'); // two labels, one call
    expect(recorded.filter((action) => action !== 'customer.note.removed')).toEqual(distinct);

    await by.admin.delete(`${at}?hard_delete=true`).expect(200);
    expect((await by.admin.get(`${at}/history`).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect(await service.database.owner('customer_history').where({ customer_id: id })).toEqual([]);
  });

  test('of a change by role customer of its own record', async ({ service, company, admin }) => {
    const person = service.user('customer', company);
    const { id } = await createCustomer(admin, { full_name: 'Own', user_id: person.user_id });
    await person.patch(`${path}/${id}`, { full_name: 'Own Name' }).expect(200);
    expect(await latest(admin, id)).toEqual({
      actor_id: person.user_id,
      action: 'customer.updated',
      changes: [{ field: 'full_name', from: 'Own', to: 'Own Name' }],
    });
  });

  test('of a profile that copies its user, with the values that another customer has', async ({
    service,
    company,
    admin,
  }) => {
    await createCustomer(admin, { full_name: 'Holder', email: 'held@example.com', phone: '0712000999' });
    const user = {
      id: randomUUID(),
      active: true,
      role: 'customer' as Role,
      business_id: company.id,
      name: 'Eva Costa',
      first_name: 'Eva',
      last_name: 'Costa',
      email: 'held@example.com',
      phone: null as string | null,
    };
    const register = () => users.set(user.id, { user, company });
    register();
    const postEvent = (name: string, sequence: number, data: object) =>
      service.callingService('auth').post('/internal/events', {
        id: randomUUID(),
        name,
        occurred_at: new Date().toISOString(),
        company_id: company.id,
        actor_id: admin.user_id,
        request_id: 'request-1',
        sequence,
        data: { user_id: user.id, ...data },
      });
    await postEvent('user.registered', 1, { role: 'customer' }).expect(200);
    const [row] = await service.database.owner('customers').where({ user_id: user.id });
    expect(await latest(admin, row.id)).toEqual({
      actor_id: admin.user_id,
      action: 'customer.created',
      reason: 'email unchanged: another customer has the value',
      changes: [],
    });
    Object.assign(user, { name: 'Eva Silva', last_name: 'Silva', phone: '0712000999' });
    await postEvent('user.updated', 2, { fields_changed: ['name', 'last_name', 'phone'] }).expect(200);
    expect(await latest(admin, row.id)).toEqual({
      actor_id: admin.user_id,
      action: 'customer.updated',
      reason: 'phone unchanged: another customer has the value',
      changes: [
        { field: 'full_name', from: 'Eva Costa', to: 'Eva Silva' },
        { field: 'firstname', from: null, to: 'Eva' },
        { field: 'lastname', from: null, to: 'Silva' },
      ],
    });
    await postEvent('user.updated', 3, { fields_changed: ['email'] }).expect(200);
    expect(await latest(admin, row.id)).toEqual({
      actor_id: admin.user_id,
      action: 'customer.updated',
      reason: 'email unchanged: another customer has the value',
      changes: [],
    });
  });
});

test('every event has an entry, also for changes by own profile, batch and legacy v1 API', async ({
  service,
  company,
  admin,
}) => {
  const person = service.user('customer', company);
  const { id: own } = await createCustomer(admin, { full_name: 'Own Profile', user_id: person.user_id });
  await person.patch(`${path}/me`, { address: null, gender: 'other' }).expect(200);
  const legacy = (await admin.post('/rest/v1/customers', { phone: '79261234567', firstname: 'Иван' }).expect(201)).body;
  await admin.patch(`/rest/v1/customers/${legacy.id}`, { lastname: 'Петров' }).expect(200);
  await admin.patch(`/rest/v1/customers/${legacy.id}`, { phone: '79261234568' }).expect(200);
  await admin.delete(`/rest/v1/customers/${legacy.id}`).expect(200);
  const { id } = await createCustomer(admin, { full_name: 'In a batch' });
  const operations = [
    { op: 'create', data: { full_name: 'Made in a batch' } },
    { op: 'update', id, data: { city_id: 3 } },
    { op: 'delete', id },
  ];
  const { results } = (await admin.post(`${path}/batch`, { operations }).expect(200)).body;

  const [{ id: other }] = await service.database.owner('customers').where({ number: legacy.id });
  const expected = {
    [own]: ['created', 'updated'],
    [other]: ['created', 'updated', 'updated', 'deleted'],
    [id]: ['created', 'updated', 'deleted'],
    [results[0].customer.id]: ['created'],
  };
  for (const [one, names] of Object.entries(expected)) {
    const published = (await service.events())
      .filter(({ data }) => data['customer_id'] === one)
      .map(({ name }) => name);
    const { history } = await read(admin, one);
    expect(published).toEqual(names.map((name) => `customer.${name}`));
    expect(history.map(({ action }) => action).toReversed()).toEqual(published);
    for (const { action, changes } of history) expect(changes.length > 0).toBe(action !== 'customer.created');
  }
});

test('rejected requests and requests without a change create no entry', async ({ service, company, admin }) => {
  const { id } = await createCustomer(admin, { full_name: 'Quiet', city_id: 1 });
  const at = `${path}/${id}`;
  await admin.patch(at, { city_id: 1 }).expect(200);
  await admin.patch(at, { city_id: 'x' }).expect(422);
  await admin.patch(at, { city_id: 2 }).set('If-Match', '"7"').expect(412);
  await admin.patch(`${at}/activate`).expect(200);
  await service.user('viewer', company).patch(at, { city_id: 2 }).expect(403);
  expect((await read(admin, id)).history).toHaveLength(1);
});

describe('reading a history', () => {
  test('pages newest first by signed cursors that are valid for this history only', async ({ admin }) => {
    const { id } = await createCustomer(admin);
    for (let city_id = 1; city_id <= 24; city_id += 1) await admin.patch(`${path}/${id}`, { city_id }).expect(200);
    const first = await read(admin, id);
    expect(first.history).toHaveLength(20);
    expect(first.history[0]?.changes).toEqual([{ field: 'city_id', from: 23, to: 24 }]);
    expect(Object.keys(first)).toEqual(['history', 'next_cursor']);
    expect((await read(admin, id, '?cursor=')).history).toEqual(first.history);
    expect(new Set(first.history.map((entry) => entry.id)).size).toBe(20);
    const times = first.history.map(({ at }) => at);
    expect(times).toEqual(times.toSorted().toReversed());

    await admin.patch(`${path}/${id}`, { city_id: 99 }).expect(200); // a new entry does not shift the pages
    const rest = await read(admin, id, `?cursor=${first.next_cursor}`);
    expect(rest.history).toHaveLength(5);
    expect(rest.next_cursor).toBe(null);
    expect(rest.history.at(-1)?.action).toBe('customer.created');
    const seven = await read(admin, id, '?per_page=7');
    const pages = [...seven.history];
    for (let cursor = seven.next_cursor; cursor;) {
      const page = await read(admin, id, `?per_page=7&cursor=${cursor}`);
      pages.push(...page.history);
      cursor = page.next_cursor;
    }
    expect(pages).toEqual((await read(admin, id, '?per_page=100')).history);
    expect((await read(admin, id, '?per_page=26')).next_cursor).toBe(null);

    const other = await createCustomer(admin);
    const cursor = String(first.next_cursor);
    for (const [where, what] of [
      [other.id, cursor],
      [id, `${cursor}x`],
      [id, cursor.replace(/^./, (letter) => (letter === 'W' ? 'X' : 'W'))],
      [id, randomUUID()],
    ])
      expect((await admin.get(`${path}/${where}/history?cursor=${what}`).expect(422)).body.errors).toMatchObject([
        { path: 'cursor' },
      ]);
    for (const query of [
      'per_page=0',
      'per_page=101',
      'page=1',
      'search=ab',
      'cursor=a&cursor=b',
      `cursor=${'x'.repeat(1001)}`,
    ])
      expect((await admin.get(`${path}/${id}/history?${query}`).expect(422)).body.errors).toMatchObject([
        { path: query.split('=')[0] },
      ]);
  });

  test('requires customers:read: not role customer, not another company; also for a deleted customer', async ({
    service,
    company,
    admin,
  }) => {
    const person = service.user('customer', company);
    const { id } = await createCustomer(admin, { full_name: 'Own', user_id: person.user_id });
    const at = `${path}/${id}/history`;
    await person.get(at).expect(403);
    await service.anonymous().get(at).expect(401);
    await service.user('viewer', company).get(at).expect(200);
    await service.user('superuser').get(at).expect(422);
    await service.user('superuser').get(`${at}?company_id=${company.id}`).expect(200);
    const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
    const stranger = service.user('admin', service.company());
    expect(strip(await stranger.get(at).expect(404))).toEqual(
      strip(await stranger.get(`${path}/${randomUUID()}/history`).expect(404)),
    );
    await admin.get(`${path}/x/history`).expect(400);
    await admin.delete(`${path}/${id}`).expect(200);
    expect((await read(admin, id)).history).toHaveLength(2);
  });
});
