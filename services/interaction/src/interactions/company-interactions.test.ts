import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

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
