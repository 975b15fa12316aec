import { randomUUID } from 'node:crypto';
import type { TestUser, Company, StubServer } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { interactionUnderTest, type InteractionUnderTest } from '../testing/test-interaction.ts';

let service: InteractionUnderTest;
let customers: StubServer;
let company: Company;
let admin: TestUser;

/** The customer service knows every customer of `company`, but none of another's; `deleted` are those with a deletion mark. */
const deleted = new Set<string>();
const known = () =>
  customers.respond((path, _body) => {
    const id = path.split('/').at(-1) ?? '';
    const asked = customers.calls.at(-1)?.headers['x-company-id'];
    return asked === company.id
      ? { status: 200, body: { id, number: 10_000_000, deleted: deleted.has(id) } }
      : { status: 404 };
  });

beforeAll(async () => {
  service = await interactionUnderTest();
  ({ customers } = service);
  company = service.company();
  admin = service.user('admin', company);
});
beforeEach(known);
afterAll(() => service.close());

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/interactions`;
const record = async (path: string, body: object) =>
  (await admin.post(path, { notes: 'Spoke', type: 'call', ...body }).expect(201)).body.interaction;
const faultsOf = ({ body }: { body: { errors: { path: string }[] } }) => body.errors.map(({ path }) => path).toSorted();
const stored = () => service.database.owner('interactions').where({ company_id: company.id }).select();

describe('an interaction', () => {
  test('is recorded with its author and the present time, and said to the others', async () => {
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
      },
    });
    expect(Math.abs(Date.parse(body.interaction.occurred_at) - before)).toBeLessThan(60_000);
    expect(headers['etag']).toBe('"1"');
    const said = (await service.events('interaction.recorded')).filter(
      ({ data }) => data['customer_id'] === customer_id,
    );
    expect(said).toEqual([
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

  test('is taken under the names of CRM Finance, and its types under theirs', async () => {
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
    const refused = await admin
      .post(path, { notes: 'a', ds_notes: 'a', type: 'call', id_interaction_type: 'call' })
      .expect(422);
    expect(faultsOf(refused)).toEqual(['ds_notes', 'id_interaction_type']);
  });

  test('has a status when it is an appointment or a complaint, and only then', async () => {
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
      expect(faultsOf(await admin.post(path, { notes: 'a', type, status }).expect(422))).toEqual(['status']);
    }
  });

  test('of an unknown type is refused, and so is every other bad field by its name', async () => {
    const path = pathOf();
    const count = (await stored()).length;
    expect(faultsOf(await admin.post(path, { notes: 'a', type: 'dance' }).expect(422))).toEqual(['type']);
    expect(
      faultsOf(await admin.post(path, { notes: 'a', id_interaction_type: 'constructor', status: 'open' }).expect(422)),
    ).toEqual(['id_interaction_type', 'status']);
    expect(faultsOf(await admin.post(path, {}).expect(422))).toEqual(['notes', 'type']);
    const bad = {
      ds_notes: 'a\u0000',
      occurred_at: 'yesterday',
      scheduled_at: 5,
      status: 'lost',
      priority: 1,
      category: '',
      customer_id: 'x',
    };
    expect(faultsOf(await admin.post(path, bad).expect(422))).toEqual([
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
      faultsOf(await admin.post(path, { notes: 'n'.repeat(5001), type: 'call', category: 'c'.repeat(51) }).expect(422)),
    ).toEqual(['category', 'notes']);
    expect((await stored()).length).toBe(count + 1);
  });

  test('nothing that comes in is a fault of ours', async () => {
    const path = pathOf();
    const values = [
      null,
      0,
      -1,
      1e300,
      true,
      [],
      {},
      '',
      '\ud800',
      '\u0000',
      '__proto__',
      'İ'.repeat(50),
      '%',
      "'",
      '9999-12-31T23:59:59+00:01',
    ];
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
      for (const value of values) {
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
      expect(faultsOf(await admin.get(`${path}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    }
    await admin.get(`${path}?search=%25_%5C`).expect(200);
    await admin.get(pathOf('not-an-id')).expect(400);
    await admin.post(pathOf('10000000'), { notes: 'a', type: 'call' }).expect(400);
    expect((await admin.delete(path).expect(405)).headers['allow']).toBe('GET, HEAD, POST');
  });
});

describe('the list', () => {
  test('is paged, newest first by when it happened', async () => {
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

  test('is filtered by type, status, time and words', async () => {
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

  test('holds one customer’s only', async () => {
    const [one, other] = [pathOf(), pathOf()];
    await record(one, {});
    expect((await admin.get(other).expect(200)).body).toMatchObject({ interactions: [], total: 0, pages: 0 });
    expect((await admin.get(one).expect(200)).body.total).toBe(1);
  });
});

describe('whose it is', () => {
  test('an unknown customer is a 404, and nothing is written', async () => {
    const customer_id = randomUUID();
    customers.respond(() => ({ status: 404 }));
    const refused = await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(404);
    expect(refused.body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect((await admin.get(pathOf(customer_id)).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    expect((await stored()).filter((row) => row.customer_id === customer_id)).toEqual([]);
  });

  test('another company’s customer is the 404 of an unknown one', async () => {
    const customer_id = randomUUID();
    const interaction = await record(pathOf(customer_id), {});
    const stranger = service.user('admin', service.company());
    const strip = ({ body }: { body: Record<string, unknown> }) => ({ ...body, timestamp: '', request_id: '' });
    const unknown = randomUUID();
    expect(strip(await stranger.get(pathOf(customer_id)).expect(404))).toEqual(
      strip(await stranger.get(pathOf(unknown)).expect(404)),
    );
    const body = { notes: 'Stolen', type: 'call' };
    expect(strip(await stranger.post(pathOf(customer_id), body).expect(404))).toEqual(
      strip(await stranger.post(pathOf(unknown), body).expect(404)),
    );
    await stranger.get(`${pathOf(customer_id)}?company_id=${company.id}`).expect(403);
    expect((await admin.get(pathOf(customer_id))).body.interactions).toEqual([interaction]);
  });

  test('a deleted customer’s are still read, but none is added', async () => {
    const customer_id = randomUUID();
    await record(pathOf(customer_id), {});
    deleted.add(customer_id);
    const refused = await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(409);
    expect(refused.body.error_code).toBe('CUSTOMER_DELETED');
    expect((await admin.get(pathOf(customer_id)).expect(200)).body.total).toBe(1);
  });

  test('while the customer service is down it is a 503 that names it, and nothing is written', async () => {
    const customer_id = randomUUID();
    await record(pathOf(customer_id), {});
    customers.respond(() => undefined);
    const count = (await stored()).length;
    for (const answer of [
      await admin.post(pathOf(customer_id), { notes: 'a', type: 'call' }).expect(503),
      await admin.get(pathOf(customer_id)).expect(503),
    ]) {
      expect(answer.body).toMatchObject({
        error_code: 'SERVICE_UNAVAILABLE',
        detail: expect.stringContaining('customer service'),
      });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect((await stored()).length).toBe(count);
  });

  test('each role does what it may, a superuser in the company it names', async () => {
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
    expect(faultsOf(await superuser.post(path, body).expect(422))).toEqual(['company_id']);
    expect(faultsOf(await superuser.get(path).expect(422))).toEqual(['company_id']);
    expect((await stored()).length).toBe(count);
    await superuser.post(`${path}?company_id=${company.company_id}`, body).expect(201);
  });
});
