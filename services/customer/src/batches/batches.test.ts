import { randomUUID } from 'node:crypto';
import { heldTransaction, serviceTest, type TestUser, type Company, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() => createTestCustomer({ pool: 10 }));

type Result = {
  status: number;
  customer?: Record<string, unknown>;
  error?: { error_code: string; status: number; errors: { path: string }[]; existing?: object };
};
type BatchResponse = { results: Result[]; succeeded: number; failed: number };

const path = '/api/customers/batch';
const email = () => `${randomUUID()}@example.com`;
const create = (data: object) => ({ op: 'create', data });
const batch = async (manager: TestUser, operations: unknown[], by = manager): Promise<BatchResponse> =>
  (await by.post(path, { operations }).expect(200)).body as BatchResponse;
const sendWithKey = (manager: TestUser, key: string, operations: unknown[], by = manager) =>
  by.post(path, { operations }).set('Idempotency-Key', key);
const statusAndPaths = ({ status, error }: Result = { status: 0 }) => [
  status,
  error?.status,
  ...(error?.errors.map((fieldError) => fieldError.path) ?? []),
];
const customersOf = async (service: TestService, company: Company, of = company) =>
  (await service.database.owner('customers').where({ company_id: of.id }).orderBy('number')) as { email: string }[];
const eventsOf = async (service: TestService, of: Company, name: string) =>
  (await service.events(name)).filter((event) => event.company_id === of.id);

describe('a batch', () => {
  test('creates, updates, upserts and deletes in the given order with the results of the single-customer routes', async ({
    service,
    manager,
  }) => {
    const [ana, ben] = [email(), email()];
    const existing = (await manager.post('/api/customers', { email: ben, external_id: 'B-1', type: 'vip' }).expect(201))
      .body.customer as { id: string };
    const { results, succeeded, failed } = await batch(manager, [
      create({ email: ana, firstname: 'Ana', tags: ['new'] }),
      { op: 'update', id: existing.id, data: { firstname: 'Ben' } },
      { op: 'upsert', match_on: 'email', data: { email: ana.toUpperCase(), lastname: 'Ruiz' } },
      { op: 'upsert', match_on: 'external_id', data: { external_id: 'B-2', firstname: 'Eva' } },
      { op: 'delete', id: existing.id },
      { op: 'delete', id: existing.id },
    ]);
    expect(results.map(({ status }) => status)).toEqual([201, 200, 200, 201, 200, 200]);
    expect([succeeded, failed]).toEqual([6, 0]);
    expect(results[0]).toEqual({ status: 201, customer: expect.objectContaining({ email: ana, tags: ['new'] }) });
    expect(results[1]?.customer).toMatchObject({ id: existing.id, full_name: 'Ben', type: 'vip' });
    expect(results[2]?.customer).toMatchObject({ id: results[0]?.customer?.['id'], full_name: 'Ana Ruiz' });
    expect(results[3]?.customer).toMatchObject({ external_id: 'B-2', full_name: 'Eva', status: 'active' });
    expect(results[4]).toEqual({ status: 200 });

    const { body } = await manager.get(`/api/customers/${existing.id}`).expect(200);
    expect(body.customer).toMatchObject({ is_active: false, full_name: 'Ben' });
    const names = (await service.events())
      .filter(({ data }) => data['customer_id'] === existing.id)
      .map(({ name }) => name);
    expect(names).toEqual(['customer.created', 'customer.updated', 'customer.deleted']);
    const createdId = results[0]?.customer?.['id'] as string;
    const { body: past } = await manager.get(`/api/customers/${createdId}/history`).expect(200);
    expect(past.history.map(({ action }: { action: string }) => action)).toEqual([
      'customer.updated',
      'customer.created',
    ]);
  });

  test.for([
    ['email', 'X@example.com', 'X@Example.com'],
    ['email', 'x@xn--rucher-bua.example', 'x@räucher.example'],
    ['phone', '+14155552671;ext=101', '+1 415 555 2671 x101'],
    ['phone', '+34600112233', '600 11 22 33'],
    ['external_id', 'E-77', 'E-77'],
    ['user_id', '0190a000-0000-7000-8000-000000000001', '0190A000-0000-7000-8000-000000000001'],
  ] as const)(
    'upserts by %s in any spelling and ignores deleted customers',
    async ([match_on, value, spelled], { service, company, manager }) => {
      const of = service.company();
      const by = service.user('manager', of);
      const upsert = (lastname: string) => ({ op: 'upsert', match_on, data: { [match_on]: spelled, lastname } });
      const { results } = await batch(manager, [upsert('one'), upsert('two')], by);
      expect(results.map(({ status, customer }) => [status, customer?.[match_on]])).toEqual([
        [201, value],
        [200, value],
      ]);
      const again = await batch(manager, [{ op: 'delete', id: results[0]?.customer?.['id'] }, upsert('three')], by);
      expect(again.results.map(({ status }) => status)).toEqual([200, 201]);
      expect(await customersOf(service, company, of)).toHaveLength(2);
    },
  );

  test('upserts by the digits of a phone', async ({ manager }) => {
    const upsert = (phone: string) => ({ op: 'upsert', match_on: 'phone', data: { phone, lastname: phone } });
    const { results } = await batch(manager, [upsert('+50110556645'), upsert('50110556645')]);
    expect(results.map(({ status }) => status)).toEqual([201, 200]);
    expect(results[1]?.customer).toMatchObject({ id: results[0]?.customer?.['id'], lastname: '50110556645' });
  });

  test('an invalid operation fails alone, with the problem of the single-customer route', async ({ manager }) => {
    const taken = email();
    const { id } = (await manager.post('/api/customers', { email: taken }).expect(201)).body.customer as { id: string };
    const fine = email();
    const { results, succeeded, failed } = await batch(manager, [
      create({ email: taken }),
      create({ email: 'no e-mail', firstnam: 'x' }),
      create({}),
      { op: 'update', id: randomUUID(), data: { firstname: 'x' } },
      { op: 'update', id: 'no-id', data: { full_name: 'x' } },
      { op: 'update', id, data: { status: 'suspended' } },
      { op: 'upsert', match_on: 'phone', data: { email: fine } },
      { op: 'upsert', match_on: 'birthday', data: { email: fine } },
      { op: 'delete', id: randomUUID() },
      { op: 'delete', id, data: {} },
      { op: 'merge' },
      'create',
      create({ email: fine, business_id: randomUUID() }),
      create({ email: fine }),
    ]);
    expect([succeeded, failed]).toEqual([1, 13]);
    expect(results[0]).toMatchObject({
      status: 409,
      error: { error_code: 'CUSTOMER_EMAIL_TAKEN', existing: { id }, errors: [{ path: 'email' }] },
    });
    expect(results.slice(1).map(statusAndPaths)).toEqual([
      [422, 422, 'email', 'firstnam'],
      [422, 422, 'full_name'],
      [404, 404],
      [422, 422, 'id'],
      [422, 422, 'status'],
      [422, 422, 'phone'],
      [422, 422, 'match_on'],
      [404, 404],
      [422, 422, 'data'],
      [422, 422, 'op'],
      [422, 422, ''],
      [403, 403],
      [201, undefined],
    ]);
    expect(Object.keys(results[3]?.error ?? {}).toSorted()).toEqual(
      ['detail', 'error_code', 'errors', 'request_id', 'status', 'timestamp', 'title', 'type'].toSorted(),
    );
    const { body } = await manager.get(`/api/customers/${id}`).expect(200);
    expect(body.customer.status).toBe('active');
  });

  test('an upsert keeps status and type of an existing customer and rejects other values', async ({ manager }) => {
    const external_id = randomUUID();
    const data = { external_id, lastname: 'x' };
    const [created, same, other] = (
      await batch(manager, [
        create({ external_id, type: 'vip', status: 'inactive', firstname: 'a' }),
        { op: 'upsert', match_on: 'external_id', data: { ...data, type: 'vip' } },
        { op: 'upsert', match_on: 'external_id', data: { ...data, type: 'regular' } },
      ])
    ).results;
    expect([created?.status, same?.status]).toEqual([201, 200]);
    expect(same?.customer).toMatchObject({ type: 'vip', status: 'inactive', full_name: 'a x' });
    expect(statusAndPaths(other)).toEqual([422, 422, 'type']);
  });

  test('accepts 1 to 1,000 operations and no other field', async ({ manager }) => {
    const rejected = async (body: object) =>
      ((await manager.post(path, body).expect(422)).body as { errors: { path: string }[] }).errors.map((e) => e.path);
    expect(await rejected({})).toEqual(['operations']);
    expect(await rejected({ operations: [] })).toEqual(['operations']);
    expect(await rejected({ operations: {} })).toEqual(['operations']);
    expect(await rejected({ operations: Array.from({ length: 1001 }, () => 1) })).toEqual(['operations']);
    expect(await rejected({ operations: [1], more: 1 })).toEqual(['more']);
    const { succeeded, failed } = await batch(
      manager,
      Array.from({ length: 1000 }, () => ({ op: 'delete', id: 'none' })),
    );
    expect([succeeded, failed]).toEqual([0, 1000]);
  });

  test('accepts a body of 8 MiB and no more', async ({ manager }) => {
    const maxBodySize = 8 * 1024 * 1024;
    const sized = (bytes: number) => {
      const around = JSON.stringify({ operations: [''] }).length;
      return `{"operations":["${'x'.repeat(bytes - around)}"]}`;
    };
    const send = (text: string) => manager.post(path).type('json').send(text);
    expect(statusAndPaths((await send(sized(maxBodySize)).expect(200)).body.results[0])).toEqual([422, 422, '']);
    await send(sized(maxBodySize + 1)).expect(413);
  });

  test('rejects a viewer and role customer as a whole', async ({ service, company, manager }) => {
    const before = await customersOf(service, company);
    for (const role of ['viewer', 'customer'] as const) {
      const { body } = await service
        .user(role, company)
        .post(path, { operations: [create({ email: email() })] })
        .expect(403);
      expect(body.error_code).toBe('FORBIDDEN');
    }
    const other = service.user('admin', service.company());
    const [{ id }] = (await batch(manager, [create({ email: email() })])).results.map(({ customer }) => customer) as [
      { id: string },
    ];
    const { results } = await batch(
      manager,
      [
        { op: 'delete', id },
        { op: 'update', id, data: { lastname: 'x' } },
      ],
      other,
    );
    expect(results.map(({ status, error }) => [status, error?.error_code])).toEqual([
      [404, 'CUSTOMER_NOT_FOUND'],
      [404, 'CUSTOMER_NOT_FOUND'],
    ]);
    expect(await customersOf(service, company)).toHaveLength(before.length + 1);
  });

  test('an upsert retries when a concurrent change creates or deletes the matching customer', async ({
    service,
    company,
    manager,
  }) => {
    const data = { external_id: randomUUID(), lastname: 'first' };
    const upsert = (lastname: string) =>
      batch(manager, [{ op: 'upsert', match_on: 'external_id', data: { ...data, lastname } }]);
    const id = (await manager.post('/api/customers', data).expect(201)).body.customer.id as string;
    /** Runs an upsert that waits for a concurrent change. */
    const during = async (change: object, lastname: string) => {
      const elsewhere = await heldTransaction(service.database.owner);
      await elsewhere('customers').where({ company_id: company.id, id }).update(change);
      const upserted = upsert(lastname);
      const waiting = async () =>
        (await service.database.owner.raw('select 1 from pg_locks where not granted')).rowCount as number;
      try {
        await expect.poll(waiting).toBeGreaterThan(0);
      } finally {
        await elsewhere.commit();
      }
      return (await upserted).results[0];
    };
    const replaced = await during({ deleted_at: new Date() }, 'second');
    expect([replaced?.status, replaced?.customer?.['id'] === id]).toEqual([201, false]);
    await batch(manager, [{ op: 'delete', id: replaced?.customer?.['id'] }]);
    const found = await during({ deleted_at: null }, 'third');
    expect([found?.status, found?.customer]).toEqual([200, expect.objectContaining({ id, full_name: 'third' })]);
  });
});

describe('a batch with an Idempotency-Key', () => {
  test('replays its results, errors included; another batch under the key is a 422', async ({
    service,
    company,
    manager,
  }) => {
    const key = randomUUID();
    const [one, two] = [email(), email()];
    const operations = [create({ email: one }), create({ email: one }), { op: 'nothing' }, create({ email: two })];
    const first = await sendWithKey(manager, key, operations).expect(200);
    expect(first.body.results.map(({ status }: Result) => status)).toEqual([201, 409, 422, 201]);
    // The conflict no longer exists, but the stored result is replayed.
    await manager.delete(`/api/customers/${first.body.results[0].customer.id}`).expect(200);
    const again = await sendWithKey(manager, key, operations).expect(200);
    const [, taken, bad] = again.body.results as Result[];
    expect([again.body.results[0], again.body.results[3]]).toEqual([first.body.results[0], first.body.results[3]]);
    expect([taken, bad]).toEqual([first.body.results[1], first.body.results[2]]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const { body } = await sendWithKey(manager, key, operations.slice(1)).expect(422);
    expect(body.errors).toEqual([{ path: 'Idempotency-Key', message: expect.any(String) }]);
    expect((await customersOf(service, company)).filter((customer) => customer.email === one)).toHaveLength(1);
  });

  test('checks permissions again on a repeat', async ({ service, company, manager }) => {
    const key = randomUUID();
    const operations = [create({ email: email() })];
    await sendWithKey(manager, key, operations).expect(200);
    await sendWithKey(manager, key, operations, service.user('viewer', company, manager.user_id)).expect(403);
  });

  test('continues after a client disconnect and runs no operation twice', async ({ service, company, manager }) => {
    const of = service.company();
    const by = service.user('manager', of);
    const key = randomUUID();
    const operations = Array.from({ length: 60 }, (_, at) => create({ external_id: `cut-${at}`, firstname: 'x' }));
    const cut = sendWithKey(manager, key, operations, by);
    const outcome = cut.then(
      () => 'answered',
      () => 'hung up',
    );
    await expect
      .poll(async () => (await customersOf(service, company, of)).length, { interval: 2 })
      .toBeGreaterThan(10);
    cut.abort();
    expect(await outcome).toBe('hung up');

    const { body, headers } = await sendWithKey(manager, key, operations, by).expect(200);
    expect([body.succeeded, body.failed, headers['idempotency-replayed']]).toEqual([60, 0, undefined]);
    expect(body.results.every(({ status }: Result) => status === 201)).toBe(true);
    expect(await customersOf(service, company, of)).toHaveLength(60);
    expect(await eventsOf(service, of, 'customer.created')).toHaveLength(60);
    const whole = await sendWithKey(manager, key, operations, by).expect(200);
    expect([whole.body, whole.headers['idempotency-replayed']]).toEqual([body, 'true']);
  });

  test('continues after the database connections were lost', async ({ service, company, manager }) => {
    const of = service.company();
    const by = service.user('manager', of);
    const key = randomUUID();
    const operations = Array.from({ length: 200 }, (_, at) => create({ external_id: `lost-${at}`, firstname: 'x' }));
    const first = sendWithKey(manager, key, operations, by).then((response) => response);
    await expect
      .poll(async () => (await customersOf(service, company, of)).length, { interval: 2 })
      .toBeGreaterThan(10);
    const { owner, cut } = service.database;
    const lock = await heldTransaction(owner);
    await lock.raw('lock table customers in share mode'); // the next insert waits, so that the cut meets it
    const waiting = async () =>
      (await owner.raw('select 1 from pg_locks where not granted and relation = ?::regclass', ['customers'])).rowCount;
    await expect.poll(waiting, { interval: 2 }).toBe(1);
    await cut();
    await lock.rollback().catch(() => {}); // its connection was cut too
    const { body: broken } = await first;
    expect(broken.results.map(({ status }: Result) => status)).toContain(503);
    const { body } = await sendWithKey(manager, key, operations, by).expect(200);
    expect([body.succeeded, body.failed]).toEqual([200, 0]);
    expect(await customersOf(service, company, of)).toHaveLength(200);
    expect(await eventsOf(service, of, 'customer.created')).toHaveLength(200);
  });

  test('replays large results as they were, until a record is removed', async ({ service, company, manager }) => {
    const key = randomUUID();
    const long = (size: number) => create({ email: email(), metadata: { text: 'x'.repeat(size) } });
    const operations = [long(65_000), long(10)];
    const { body: first } = await sendWithKey(manager, key, operations).expect(200);
    const id = first.results[0].customer.id as string;
    await manager.put(`/api/customers/${id}`, { firstname: 'Later' }).expect(200);
    await manager.delete(`/api/customers/${id}`).expect(200);
    expect((await sendWithKey(manager, key, operations).expect(200)).body).toEqual(first);
    await service.user('admin', company).delete(`/api/customers/${id}?hard_delete=true`).expect(200);
    const { results } = (await sendWithKey(manager, key, operations).expect(200)).body;
    expect(results.map(statusAndPaths)).toEqual([
      [404, 404],
      [201, undefined],
    ]);
  });
});

describe('the operations of a batch', () => {
  test('take op, match_on, status, type and gender in any case, and answer them in lower case', async ({ manager }) => {
    const address = email();
    const { results } = await batch(manager, [
      { op: 'Create', data: { email: address, status: 'ACTIVE', type: 'Vip', gender: 'F' } },
      { op: 'UPSERT', match_on: 'Email', data: { email: address, gender: 'OTHER' } },
    ]);
    expect(results).toMatchObject([
      { status: 201, customer: { status: 'active', type: 'vip', gender: 'female' } },
      { status: 200, customer: { gender: 'other' } },
    ]);
    await batch(manager, [{ op: 'DELETE', id: results[0]?.customer?.['id'] }]);
  });

  test('ignore what moves by itself and null for what is not writable', async ({ manager }) => {
    const moved = {
      total_orders: 9,
      lifetime_value: '1.00',
      currency: 'XXX',
      version: 3,
      updated_at: 'x',
      avatar_url: null,
    };
    const { results } = await batch(manager, [
      create({ email: email(), ...moved, id: null, created_at: null, business_id: null }),
      create({ email: email(), id: randomUUID() }),
      create({ email: email(), avatar_url: '/avatars/x' }),
    ]);
    expect(results.map(statusAndPaths)).toEqual([
      [201, undefined],
      [422, 422, 'id'],
      [422, 422, 'avatar_url'],
    ]);
    const id = results[0]?.customer?.['id'];
    const { results: updates } = await batch(manager, [
      { op: 'update', id, data: { ...results[0]?.customer, ...moved, firstname: 'Moved' } },
      { op: 'update', id, data: { created_at: '1999-01-01T00:00:00.000Z' } },
    ]);
    expect(updates).toMatchObject([
      { status: 200, customer: { firstname: 'Moved', total_orders: 0 } },
      { status: 422 },
    ]);
  });

  test('have the errors of the single-customer routes, with the field that was meant', async ({ manager }) => {
    const { results } = await batch(manager, [
      create({ first_name: 'Ana' }),
      create({ full_name: '\u200b', tags: ['\u3164'] }),
      { op: 'upsert', data: {} },
      { data: {} },
      { op: 'create', data: { email: email(), status: 'gone' } },
    ]);
    expect(results.map(({ error }) => error?.errors)).toMatchObject([
      expect.arrayContaining([{ path: 'first_name', message: 'is not a known field; did you mean firstname?' }]),
      [{ path: 'full_name' }, { path: 'tags.0' }],
      expect.arrayContaining([{ path: 'match_on', message: 'is required' }]),
      [{ path: 'op', message: 'is required' }],
      [{ path: 'status', message: 'must be one of active, inactive, suspended' }],
    ]);
  });

  test('with metadata of 2,500 levels are a 422 for the whole batch, with and without a key', async ({ manager }) => {
    const body = `{"operations":[{"op":"create","data":{"metadata":{"a":${'['.repeat(2500)}${']'.repeat(2500)}}}}]}`;
    for (const headers of [{}, { 'Idempotency-Key': randomUUID() }]) {
      const sent = manager
        .post(path)
        .set({ 'Content-Type': 'application/json', ...headers })
        .send(body);
      expect((await sent.expect(422)).body.errors).toEqual([
        { path: `operations.0.data.metadata.a${'.0'.repeat(35)}`, message: 'must not nest deeper than 40 levels' },
      ]);
    }
  });
});
