import { randomUUID } from 'node:crypto';
import { EXACT_COUNT_LIMIT } from '@clientela/db';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { createTestInteraction, customerResponse } from '../testing/test-interaction.ts';
import type { Interaction } from './schema.ts';

const test = serviceTest(createTestInteraction);
const path = '/api/interactions';
const record = async (caller: TestUser, customer_id: string, values: object) => {
  const body = { notes: 'Spoke', type: 'call', ...values };
  return (await caller.post(`/api/customers/${customer_id}/interactions`, body).expect(201)).body.interaction;
};
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) => body.errors.map((error) => error.path);

describe('the company’s interactions', () => {
  test('are listed newest first and filtered: of one company, or of all for a superuser', async ({ service }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    const customers = [randomUUID(), randomUUID()] as const;
    const call = await record(admin, customers[0], { occurred_at: '2026-01-01T00:00:00Z' });
    const complaint = await record(admin, customers[1], {
      type: 'complaint',
      priority: 'critical',
      occurred_at: '2026-01-02T10:00:00Z',
    });
    const resolved = await record(admin, customers[0], {
      type: 'complaint',
      priority: 'low',
      status: 'resolved',
      occurred_at: '2026-01-03T00:00:00Z',
    });
    const visit = await record(admin, customers[0], {
      type: 'appointment',
      occurred_at: '2026-01-04T00:00:00Z',
      scheduled_at: '2026-02-01T09:00:00Z',
    });
    const list = async (query: string, caller = admin) =>
      (await caller.get(`${path}?${query}`).expect(200)).body.interactions;
    expect((await admin.get(path).expect(200)).body).toEqual({
      interactions: [visit, resolved, complaint, call],
      total: 4,
      page: 1,
      pages: 1,
      per_page: 20,
    });
    expect(await list('type=complaint')).toEqual([resolved, complaint]);
    expect(await list('status=OPEN')).toEqual([complaint]);
    expect(await list('priority=low&type=complaint')).toEqual([resolved]);
    expect(await list(`customer_id=${customers[1]}`)).toEqual([complaint]);
    expect(await list('from=2026-01-02&to=2026-01-02')).toEqual([complaint]);
    expect(await list('scheduled_from=2026-02-01&scheduled_to=2026-02-01')).toEqual([visit]);
    expect(await list('scheduled_from=2026-02-02')).toEqual([]);
    expect(await list('scheduled_to=2026-01-31')).toEqual([]);
    const first = (await admin.get(`${path}?cursor=&per_page=3&from=2026-01-01`).expect(200)).body;
    expect(first.interactions).toEqual([visit, resolved, complaint]);
    await record(admin, customers[0], {}); // newer than what was read
    expect(await list(`per_page=3&from=2026-01-01&cursor=${first.next_cursor}`)).toEqual([call]);

    const other = service.user('admin', service.company());
    expect(await list('', other)).toEqual([]);
    expect(await list(`customer_id=${customers[0]}`, other)).toEqual([]);
    const superuser = service.user('superuser');
    expect(await list(`company_id=${company.company_id}&type=complaint`, superuser)).toEqual([resolved, complaint]);
    const found = await record(other, randomUUID(), { occurred_at: '2026-01-02T11:00:00Z' });
    expect(await list('from=2026-01-02&to=2026-01-02&per_page=100', superuser)).toEqual([found, complaint]);
  });

  test('are for the staff; each wrong parameter is named, and a cursor is for its list', async ({ service }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    await service.user('viewer', company).get(path).expect(200);
    await service.user('customer', company).get(path).expect(403);
    await service.anonymous().get(path).expect(401);
    for (const query of [
      'type=%00',
      'status=lost',
      'priority=urgent',
      'customer_id=x',
      'from=yesterday',
      'to=2026-13-01',
      'scheduled_from=x',
      'scheduled_to=x',
      'search=olives',
      'per_page=101',
      'status=open&status=closed',
      'page=1&cursor=',
    ])
      expect(errorPaths(await admin.get(`${path}?${query}`).expect(422)), query).toEqual([query.split('=')[0]]);

    await record(admin, randomUUID(), {});
    await record(admin, randomUUID(), {});
    const { next_cursor } = (await admin.get(`${path}?cursor=&per_page=1`).expect(200)).body;
    const stranger = service.user('admin', service.company());
    for (const [caller, query] of [
      [stranger, ''],
      [admin, 'type=call&'],
    ] as const)
      expect(errorPaths(await caller.get(`${path}?${query}cursor=${next_cursor}`).expect(422))).toEqual(['cursor']);
  });
});

describe('the order of the company’s interactions', () => {
  const at = (occurred_at: string, scheduled_at: string | null) => ({ occurred_at, scheduled_at });
  const [first, second, third] = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'] as const;

  test('is by either time in both directions, by the scheduled one with a bound of it', async ({ admin }) => {
    const late = await record(admin, randomUUID(), at(first, third));
    const early = await record(admin, randomUUID(), at(second, second));
    const unscheduled = await record(admin, randomUUID(), at(third, null));
    for (const [query, expected] of [
      ['sort=-occurred_at', [unscheduled, early, late]],
      ['sort=OCCURRED_AT', [late, early, unscheduled]],
      ['sort=scheduled_at&scheduled_from=2026-01-01', [early, late]],
      ['sort=-scheduled_at&scheduled_to=2026-12-31', [late, early]],
    ] as const) {
      const { body } = await admin.get(`${path}?${query}`).expect(200);
      expect([query, body.interactions, body.total]).toEqual([query, expected, expected.length]);
    }
    for (const sort of ['scheduled_at', '-scheduled_at'])
      expect((await admin.get(`${path}?sort=${sort}`).expect(422)).body.errors).toEqual([
        { path: 'scheduled_from', message: 'is required to sort by scheduled_at, or scheduled_to' },
      ]);
    for (const query of ['sort=notes', 'sort=', 'sort=occurred_at,id', 'sort=occurred_at&sort=occurred_at'])
      expect(errorPaths(await admin.get(`${path}?${query}`).expect(422)), query).toEqual(['sort']);
  });

  test.for(['-occurred_at', 'occurred_at', '-scheduled_at', 'scheduled_at'] as const)(
    'by %s: a cursor returns each interaction once while others are recorded, and is for no other order',
    async (sort, { admin }) => {
      const isDescending = sort.startsWith('-');
      const column = sort.replace('-', '') as 'occurred_at' | 'scheduled_at';
      const recordAt = (time: string) =>
        record(admin, randomUUID(), { occurred_at: second, scheduled_at: second, [column]: time });
      const records: Interaction[] = [];
      for (const time of [second, third, third, first, second, third]) records.push(await recordAt(time));
      const key = (row: Interaction) => `${row[column]} ${row.id}`;
      const ascending = records.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
      const expected = isDescending ? ascending.toReversed() : ascending;
      const query = `sort=${sort}&scheduled_from=2025-12-01&scheduled_to=2026-12-31`;
      const found: Interaction[] = [];
      for (let cursor: string | null = '', pages = 0; cursor !== null; pages += 1) {
        expect(pages).toBeLessThan(10);
        const { body }: { body: { interactions: Interaction[]; next_cursor: string | null } } = await admin
          .get(`${path}?${query}&per_page=2&cursor=${cursor}`)
          .expect(200);
        found.push(...body.interactions);
        cursor = body.next_cursor;
        if (cursor !== null)
          expect(errorPaths(await admin.get(`${path}?cursor=${cursor}&per_page=2`).expect(422))).toEqual(['cursor']);
        await recordAt(isDescending ? '2026-04-01T00:00:00Z' : '2025-12-31T00:00:00Z'); // comes before all of them
      }
      expect(found).toEqual(expected);
    },
  );
});

test('the company’s interactions include those of a deleted customer, not those of a removed one', async ({
  service,
  company,
  admin,
}) => {
  const customer_id = randomUUID();
  const remaining = await record(admin, randomUUID(), {});
  await record(admin, customer_id, {});
  const deliver = (hard: boolean) =>
    service
      .callingService('customer')
      .post('/internal/events', {
        id: randomUUID(),
        name: 'customer.deleted',
        occurred_at: new Date().toISOString(),
        company_id: company.id,
        actor_id: admin.user_id,
        request_id: 'request-of-the-deletion',
        sequence: 2,
        data: { customer_id, number: 1, hard },
      })
      .expect(200);
  service.customers.respond((at) => customerResponse(at, true));
  onTestFinished(() => service.customers.respond((at) => customerResponse(at)));
  await deliver(false);
  expect((await admin.get(path).expect(200)).body.total).toBe(2);
  await deliver(true);
  expect((await admin.get(path).expect(200)).body.interactions).toEqual([remaining]);
});

test('the total of the whole company is exact beyond what filtered lists count', async ({
  service,
  company,
  admin,
}) => {
  const customer_id = randomUUID();
  await record(admin, customer_id, {});
  await service.database.owner.raw(
    `insert into interactions (company_id, id, customer_id, created_by, type, notes, search_text)
     select company_id, gen_random_uuid(), customer_id, created_by, type, notes, search_text
       from interactions, generate_series(1, ${EXACT_COUNT_LIMIT}) where company_id = ?`,
    [company.id],
  );
  const { interactions: _, ...whole } = (await admin.get(`${path}?per_page=100`).expect(200)).body;
  expect(whole).toEqual({ total: EXACT_COUNT_LIMIT + 1, page: 1, pages: 101, per_page: 100 });
  expect((await admin.get(`${path}?type=call`).expect(200)).body.total_is_estimate).toBe(true);
});
