import { randomUUID } from 'node:crypto';
import { digitsOfLetters, type TestUser, type Company, type StubServer } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { malformedValues } from '../testing/malformed-values.ts';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let customers: StubServer;
let company: Company;
let admin: TestUser;

/** The customer service knows every customer of `company` and none of others; `deleted` are soft-deleted. */
const deleted = new Set<string>();
const knownPath = () =>
  customers.respond((path, _body) => {
    const id = path.split('/').at(-1) ?? '';
    const calledFor = customers.calls.at(-1)?.headers['x-company-id'];
    return calledFor === company.id
      ? { status: 200, body: { id, number: 10_000_000, deleted: deleted.has(id) } }
      : { status: 404 };
  });

beforeAll(async () => {
  service = await createTestInteraction();
  ({ customers } = service);
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(knownPath);
afterAll(() => service.close());

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/interactions`;
const record = async (path: string, body: object) =>
  (await admin.post(path, { notes: 'Spoke', type: 'call', ...body }).expect(201)).body.interaction;
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const stored = () => service.database.owner('interactions').where({ company_id: company.id }).select();

describe('recording an interaction', () => {
  test('stores it with its author and the current time, and publishes interaction.recorded', async () => {
    const customer_id = randomUUID();
    const before = Date.now();
    const { body, headers } = await admin
      .post(pathOf(customer_id), {
        notes: ' Wants a quote\nby Friday ',
        type: 'call',
        priority: 'high',
        category: 'sales',
      })
      .expect(201);
    expect(body).toEqual({
      message: 'Interaction recorded',
      interaction: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        customer_id,
        created_by: admin.user_id,
        type: 'call',
        notes: 'Wants a quote\nby Friday',
        occurred_at: expect.any(String),
        scheduled_at: null,
        status: null,
        priority: 'high',
        category: 'sales',
        created_at: expect.any(String),
        updated_at: expect.any(String),
        version: 1,
      },
    });
    expect(Math.abs(Date.parse(body.interaction.occurred_at) - before)).toBeLessThan(60_000);
    expect(headers['etag']).toBe('"1"');
    const published = (await service.events('interaction.recorded')).filter(
      ({ data }) => data['customer_id'] === customer_id,
    );
    expect(published).toEqual([
      expect.objectContaining({
        company_id: company.id,
        actor_id: admin.user_id,
        sequence: 1,
        data: {
          interaction_id: body.interaction.id,
          customer_id,
          customer_changes: 0,
          type: 'call',
          status: null,
          occurred_at: body.interaction.occurred_at,
          scheduled_at: null,
        },
      }),
    ]);
    expect(customers.calls.at(-1)).toMatchObject({
      path: `/internal/customers/${customer_id}`,
      headers: { 'x-user-id': admin.user_id, 'x-company-id': company.id, 'x-request-id': headers['x-request-id'] },
    });
  });

  test('accepts the aliases of fields and types of legacy clients', async () => {
    const path = pathOf();
    const finance = await admin
      .post(`${path}/`, { ds_notes: 'Cliente ligou', id_interaction_type: 'Ligação' })
      .expect(201);
    expect(finance.body.interaction).toMatchObject({ notes: 'Cliente ligou', type: 'call' });
    for (const [given, type] of [
      ['VENDA', 'sale'],
      ['ligacao', 'call'],
      ['reuniao', 'meeting'],
      ['Reunião', 'meeting'],
      ['Contato', 'note'],
      ['Email', 'email'],
      ['visit', 'visit'],
    ] as const) {
      expect((await record(path, { type: given })).type).toBe(type);
    }
    const rejected = await admin
      .post(path, { notes: 'a', ds_notes: 'a', type: 'call', id_interaction_type: 'call' })
      .expect(422);
    expect(errorPaths(rejected)).toEqual(['ds_notes', 'id_interaction_type']);
  });

  test('sets a status for appointments and complaints only', async () => {
    const path = pathOf();
    const scheduled_at = '2030-01-31T09:00:00.000Z';
    expect(await record(path, { type: 'appointment', scheduled_at: '2030-01-31T10:00:00+01:00' })).toMatchObject({
      status: 'booked',
      scheduled_at,
    });
    expect((await record(path, { type: 'complaint' })).status).toBe('open');
    for (const status of ['booked', 'done', 'cancelled']) await record(path, { type: 'appointment', status });
    for (const status of ['open', 'in_progress', 'resolved', 'closed'])
      await record(path, { type: 'complaint', status });
    expect((await record(path, { type: 'call', status: null })).status).toBeNull();
    for (const [type, status] of [
      ['appointment', 'open'],
      ['complaint', 'done'],
      ['call', 'open'],
      ['visit', 'booked'],
    ] as const) {
      expect(errorPaths(await admin.post(path, { notes: 'a', type, status }).expect(422))).toEqual(['status']);
    }
  });

  test('rejects an unknown type and names every invalid field', async () => {
    const path = pathOf();
    const count = (await stored()).length;
    expect(errorPaths(await admin.post(path, { notes: 'a', type: 'dance' }).expect(422))).toEqual(['type']);
    expect(
      errorPaths(
        await admin.post(path, { notes: 'a', id_interaction_type: 'constructor', status: 'open' }).expect(422),
      ),
    ).toEqual(['id_interaction_type', 'status']);
    expect(errorPaths(await admin.post(path, {}).expect(422))).toEqual(['notes', 'type']);
    const invalidBody = {
      ds_notes: 'a\u0000',
      occurred_at: 'yesterday',
      scheduled_at: 5,
      status: 'lost',
      priority: 1,
      category: '',
      customer_id: 'x',
    };
    expect(errorPaths(await admin.post(path, invalidBody).expect(422))).toEqual([
      'category',
      'customer_id',
      'ds_notes',
      'occurred_at',
      'priority',
      'scheduled_at',
      'status',
      'type',
    ]);
    await record(path, { notes: 'n'.repeat(5000), category: 'c'.repeat(50) });
    expect(
      errorPaths(
        await admin.post(path, { notes: 'n'.repeat(5001), type: 'call', category: 'c'.repeat(51) }).expect(422),
      ),
    ).toEqual(['category', 'notes']);
    expect((await stored()).length).toBe(count + 1);
  });

  test('never responds with a 5xx to malformed input', async () => {
    const path = pathOf();
    for (const field of [
      'notes',
      'ds_notes',
      'type',
      'occurred_at',
      'scheduled_at',
      'status',
      'priority',
      'category',
    ]) {
      for (const value of malformedValues()) {
        const { status } = await admin.post(path, { notes: 'a', type: 'call', [field]: value });
        expect([201, 422], `${field} ${JSON.stringify(value)}`).toContain(status);
      }
    }
    for (const query of [
      'page=-1',
      'page=1e9',
      'per_page=101',
      'type=%00',
      'type=a&type=b',
      'status=x',
      'from=x',
      'to=2026-02-30',
      'search=a',
      'sort=notes',
    ]) {
      expect(errorPaths(await admin.get(`${path}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    }
    await admin.get(`${path}?search=%25_%5C`).expect(200);
    await admin.get(pathOf('not-an-id')).expect(400);
    await admin.post(pathOf('10000000'), { notes: 'a', type: 'call' }).expect(400);
    expect((await admin.delete(path).expect(405)).headers['allow']).toBe('GET, HEAD, POST');
  });
});

describe('the list of a customer', () => {
  test('is paginated by occurred_at, newest first', async () => {
    const path = pathOf();
    for (let day = 1; day <= 17; day += 1) {
      await record(path, { notes: `day ${day}`, occurred_at: `2026-01-${String(day).padStart(2, '0')}T12:00:00Z` });
    }
    await record(path, { notes: 'day 0', occurred_at: '2025-12-31T12:00:00Z' });
    const { body } = await admin.get(path).expect(200);
    expect(body).toMatchObject({ total: 18, page: 1, pages: 2, per_page: 15 });
    expect(body.interactions.map(({ notes }: { notes: string }) => notes)).toEqual(
      Array.from({ length: 15 }, (_, index) => `day ${17 - index}`),
    );
    const second = await admin.get(`${path}?page=2&per_page=15`).expect(200);
    expect(second.body.interactions.map(({ notes }: { notes: string }) => notes)).toEqual(['day 2', 'day 1', 'day 0']);
  });

  test('is filtered by type, status, time and search', async () => {
    const path = pathOf();
    await record(path, { notes: 'Café às 9', type: 'meeting', occurred_at: '2026-03-01T00:00:00Z' });
    await record(path, {
      notes: 'Broken pump',
      type: 'complaint',
      occurred_at: '2026-03-02T10:00:00Z',
      category: 'Técnico',
    });
    await record(path, { notes: 'Late', type: 'complaint', status: 'closed', occurred_at: '2026-03-03T23:59:59.999Z' });
    const notes = async (query: string) => {
      const { body } = await admin.get(`${path}?${query}`).expect(200);
      expect(body.total).toBe(body.interactions.length);
      return body.interactions.map(({ notes }: { notes: string }) => notes);
    };
    expect(await notes('type=reuniao')).toEqual(['Café às 9']);
    expect(await notes('type=complaint&status=open')).toEqual(['Broken pump']);
    expect(await notes('status=closed')).toEqual(['Late']);
    expect(await notes('from=2026-03-02&to=2026-03-03')).toEqual(['Late', 'Broken pump']);
    expect(await notes('from=2026-03-01T00:00:00Z&to=2026-03-02T10:00:00Z')).toEqual(['Broken pump', 'Café às 9']);
    expect(await notes('from=2026-03-01T00:00:00.001Z&to=2026-03-02T09:59:59.999Z')).toEqual([]);
    expect(await notes('search=CAFE')).toEqual(['Café às 9']);
    expect(await notes('search=tecnico')).toEqual(['Broken pump']);
    expect(await notes('search=100%25')).toEqual([]);
    expect(await notes('type=dance')).toEqual([]);
  });

  test('does not find letters of other scripts by digits or Latin letters', async () => {
    const path = pathOf();
    await record(path, { notes: '김민준, 王小明', category: 'สมชาย محمد' });
    const found = async (search: string) =>
      (await admin.get(`${path}?search=${encodeURIComponent(search)}`).expect(200)).body.total;
    // All letters: interactions.large.test.ts.
    for (const search of [...digitsOfLetters('민', 'م'), 'aa', 'AAHDIL', '|aa'])
      expect([search, await found(search)]).toEqual([search, 0]);
    for (const search of ['민준', '王小', 'ชาย', 'محمد']) expect([search, await found(search)]).toEqual([search, 1]);
  });

  test('contains one customer’s interactions only', async () => {
    const [one, other] = [pathOf(), pathOf()];
    await record(one, {});
    expect((await admin.get(other).expect(200)).body).toMatchObject({ interactions: [], total: 0, pages: 0 });
    expect((await admin.get(one).expect(200)).body.total).toBe(1);
  });
});

describe('customers and access', () => {
  test('rejects an unknown customer with 404 and stores nothing', async () => {
    const customer_id = randomUUID();
    customers.respond(() => ({ status: 404 }));
    const rejected = await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(404);
    expect(rejected.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect((await admin.get(pathOf(customer_id)).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect((await stored()).filter((row) => row.customer_id === customer_id)).toEqual([]);
  });

  test('treats another company’s customer as unknown', async () => {
    const customer_id = randomUUID();
    const interaction = await record(pathOf(customer_id), {});
    const otherAdmin = service.user('admin', service.company());
    const strip = ({ body }: { body: Record<string, unknown> }) => ({ ...body, timestamp: '', request_id: '' });
    const unknown = randomUUID();
    expect(strip(await otherAdmin.get(pathOf(customer_id)).expect(404))).toEqual(
      strip(await otherAdmin.get(pathOf(unknown)).expect(404)),
    );
    const body = { notes: 'Stolen', type: 'call' };
    expect(strip(await otherAdmin.post(pathOf(customer_id), body).expect(404))).toEqual(
      strip(await otherAdmin.post(pathOf(unknown), body).expect(404)),
    );
    await otherAdmin.get(`${pathOf(customer_id)}?company_id=${company.id}`).expect(403);
    expect((await admin.get(pathOf(customer_id))).body.interactions).toEqual([interaction]);
  });

  test('lets interactions of a soft-deleted customer be read, and rejects new ones', async () => {
    const customer_id = randomUUID();
    await record(pathOf(customer_id), {});
    deleted.add(customer_id);
    const rejected = await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(409);
    expect(rejected.body.error_code).toBe('CUSTOMER_DELETED');
    expect((await admin.get(pathOf(customer_id)).expect(200)).body.total).toBe(1);
  });

  test('responds with a 503 that names the unavailable customer service, and stores nothing', async () => {
    const customer_id = randomUUID();
    await record(pathOf(customer_id), {});
    customers.respond(() => undefined);
    const count = (await stored()).length;
    for (const response of [
      await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(503),
      await admin.get(pathOf(customer_id)).expect(503),
    ]) {
      expect(response.body).toMatchObject({
        error_code: 'SERVICE_UNAVAILABLE',
        detail: expect.stringContaining('customer service'),
      });
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await stored()).length).toBe(count);
  });

  test('limits each role to its permissions, and a superuser to the named company', async () => {
    const path = pathOf();
    const body = { notes: 'a', type: 'call' };
    await service.user('manager', company).post(path, body).expect(201);
    await service.user('viewer', company).get(path).expect(200);
    const count = (await stored()).length;
    await service.user('viewer', company).post(path, body).expect(403);
    for (const outsider of [service.user('customer', company), service.callingService('customer', company)]) {
      await outsider.post(path, body).expect(403);
      await outsider.get(path).expect(403);
    }
    await service.anonymous().get(path).expect(401);
    const superuser = service.user('superuser');
    expect(errorPaths(await superuser.post(path, body).expect(422))).toEqual(['company_id']);
    expect(errorPaths(await superuser.get(path).expect(422))).toEqual(['company_id']);
    expect((await stored()).length).toBe(count);
    await superuser.post(`${path}?company_id=${company.company_id}`, body).expect(201);
  });
});

test('takes type, status and priority in any case, and answers them in lower case', async () => {
  const path = `/api/customers/${randomUUID()}/interactions`;
  const input = { notes: 'Broken', type: 'Complaint', status: 'IN_PROGRESS', priority: 'High' };
  const { interaction } = (await admin.post(path, input).expect(201)).body;
  expect(interaction).toMatchObject({ type: 'complaint', status: 'in_progress', priority: 'high' });
  const { body } = await admin.patch(`${path}/${interaction.id}`, { status: 'Closed', priority: 'LOW' }).expect(200);
  expect(body.interaction).toMatchObject({ status: 'closed', priority: 'low' });
  const list = await admin.get(`${path}?type=COMPLAINT&status=CLOSED`).expect(200);
  expect(list.body.interactions).toHaveLength(1);
});
