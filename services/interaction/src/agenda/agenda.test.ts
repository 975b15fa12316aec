import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);

const path = '/api/interactions/agenda';
const day = `${path}?from=2026-02-01T05:00:00Z&to=2026-02-02T04:59:59.999Z`;
const record = async (caller: TestUser, values: object) => {
  const body = { notes: 'Spoke', type: 'appointment', ...values };
  return (await caller.post(`/api/customers/${randomUUID()}/interactions`, body).expect(201)).body.interaction;
};

test('lists booked appointments of a time, soonest first, and counts open complaints by priority', async ({
  service,
}) => {
  const company = service.company();
  const manager = service.user('manager', company);
  const late = await record(manager, { scheduled_at: '2026-02-02T04:59:59.999Z' });
  const early = await record(manager, { scheduled_at: '2026-02-01T05:00:00Z' });
  const unscheduled = await record(manager, { occurred_at: '2026-02-01T12:00:00Z' });
  await record(manager, { scheduled_at: '2026-02-01T04:59:59.999Z' });
  await record(manager, { scheduled_at: '2026-02-02T05:00:00Z', occurred_at: '2026-02-01T12:00:00Z' });
  for (const status of ['done', 'cancelled']) await record(manager, { scheduled_at: '2026-02-01T12:00:00Z', status });
  await record(manager, { scheduled_at: '2026-02-01T12:00:00Z', type: 'call' });
  for (const [priority, status] of [
    ['critical', 'open'],
    ['critical', 'in_progress'],
    ['low', 'open'],
    [null, 'open'],
    ['high', 'resolved'],
    ['high', 'closed'],
  ])
    await record(manager, { type: 'complaint', priority, status });
  await record(service.user('manager', service.company()), { scheduled_at: '2026-02-01T12:00:00Z' });

  const expected = {
    appointments: [early, unscheduled, late],
    has_more: false,
    open_complaints: { critical: 2, high: 0, medium: 0, low: 1, none: 1 },
  };
  expect((await service.user('viewer', company).get(day).expect(200)).body).toEqual(expected);
  const ofSuperuser = await service.user('superuser').get(`${day}&company_id=${company.company_id}`).expect(200);
  expect(ofSuperuser.body).toEqual(expected);
  expect((await service.user('manager', service.company()).get(day).expect(200)).body).toMatchObject({
    appointments: [],
    open_complaints: { critical: 0, low: 0, none: 0 },
  });
});

test('has at most 100 appointments, and says that there are more', async ({ service }) => {
  const company = service.company();
  const manager = service.user('manager', company);
  const first = await record(manager, { scheduled_at: '2026-02-01T06:00:00Z' });
  const more = (count: number) =>
    service.database.owner.raw(
      `insert into interactions (company_id, id, customer_id, created_by, type, notes, status, scheduled_at, search_text)
       select company_id, gen_random_uuid(), customer_id, created_by, type, notes, status, scheduled_at + interval '1 minute', search_text
         from interactions, generate_series(1, ?) where id = ?`,
      [count, first.id],
    );
  await more(99);
  expect((await manager.get(day).expect(200)).body).toMatchObject({ has_more: false });
  await more(1);
  const { appointments, has_more } = (await manager.get(day).expect(200)).body;
  expect([appointments.length, appointments[0], has_more]).toEqual([100, first, true]);
});

test('is for the staff of a company, and needs a time', async ({ service }) => {
  const company = service.company();
  await service.user('customer', company).get(day).expect(403);
  await service.anonymous().get(day).expect(401);
  await service.user('superuser').get(day).expect(422);
  const { body } = await service.user('viewer', company).get(`${path}?from=today`).expect(422);
  expect(body.errors.map((error: { path: string }) => error.path)).toEqual(['from', 'to']);
});
