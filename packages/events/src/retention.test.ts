import { randomUUID } from 'node:crypto';
import { newId } from '@clientela/db';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { findEventProblems } from './doctor.ts';
import { redeliverEvents } from './redeliver-events.ts';
import { purgeInbox, purgeOutbox } from './retention.ts';

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('product');
  onCleanup(() => database.drop());

  return database;
});

/** A UUIDv7 created so many days ago. */
function idFrom(daysAgo: number): string {
  const hex = (Date.now() - daysAgo * 24 * 3600 * 1000).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}
const ago = (database: TestDatabase, interval: string) => database.owner.raw(`now() - interval '${interval}'`);

test('purges inbox rows past their retention and keeps every event that may be redelivered', async ({ database }) => {
  const inboxRow = (daysAgo: number, processed: string) => ({
    event_id: idFrom(daysAgo),
    name: 'x',
    processed_at: ago(database, processed),
  });
  const [expired, processedLate, recent] = [inboxRow(40, '40 days'), inboxRow(40, '1 day'), inboxRow(29, '29 days')];
  await database.owner('inbox_events').insert([expired, processedLate, recent]);
  expect(await purgeInbox(database.db)).toBe(1);
  const remaining = await database.owner('inbox_events').pluck('event_id');
  expect(remaining.toSorted()).toEqual([processedLate.event_id, recent.event_id].toSorted());
});

test('purges delivered events past their retention and keeps pending and failed ones', async ({ database }) => {
  const outboxRow = (created: string) => ({ id: randomUUID(), envelope: {}, created_at: ago(database, created) });
  const [delivered, recent, pending, failed] = [
    outboxRow('11 minutes'),
    outboxRow('9 minutes'),
    outboxRow('2 days'),
    outboxRow('2 days'),
  ];
  await database.owner('outbox_events').insert([delivered, recent, pending, failed]);
  await database.owner('outbox_deliveries').insert([
    { event_id: pending.id, subscriber: 'auth', aggregate: 'a' },
    { event_id: failed.id, subscriber: 'auth', aggregate: 'b', failed_at: ago(database, '1 day') },
  ]);
  expect(await purgeOutbox(database.db)).toBe(1);
  const remaining = await database.owner('outbox_events').pluck('id');
  expect(remaining.toSorted()).toEqual([recent.id, pending.id, failed.id].toSorted());
});

test('events that everybody confirmed are delivered again after a restore without the broker; pending and failed ones are left alone', async ({
  database,
}) => {
  await database.owner('outbox_events').delete();
  const event = () => ({ id: newId(), envelope: { name: 'product.created', data: { product_id: randomUUID() } } });
  const [confirmed, pending, failed] = [event(), event(), event()];
  await database.owner('outbox_events').insert([confirmed, pending, failed]);
  const delivery = ({ id }: { id: string }) => ({ event_id: id, subscriber: 'auth', aggregate: 'x' });
  await database.owner('outbox_deliveries').insert([
    { ...delivery(pending), failed_at: null },
    { ...delivery(failed), failed_at: database.owner.fn.now() },
  ]);
  expect(await redeliverEvents(database.db)).toBe(1);
  expect(await redeliverEvents(database.db)).toBe(0);
  expect(await database.owner('outbox_deliveries').where({ event_id: confirmed.id }).select('subscriber')).toEqual([
    { subscriber: 'broker' },
  ]);
});

test('the doctor finds a subscriber that is late and events that failed', async ({ database }) => {
  await database.owner('outbox_events').delete();
  expect(await findEventProblems(database.db)).toEqual([]);
  const rows = ['7 minutes', '4 minutes'].map((age) => ({ id: newId(), envelope: {}, created_at: ago(database, age) }));
  await database.owner('outbox_events').insert(rows);
  const deliveries = rows.map(({ id }, at) => ({ event_id: id, subscriber: at === 0 ? 'auth' : 'x', aggregate: 'x' }));
  await database.owner('outbox_deliveries').insert(deliveries);
  const dead = { event_id: newId(), envelope: {}, attempts: 7, reason: 'tested' };
  await database.owner('dead_letters').insert(dead);
  expect(await findEventProblems(database.db)).toEqual([
    { level: 'error', text: 'events that wait for auth: 1, the oldest since 7 min; look at its log' },
    { level: 'warning', text: 'events that failed: 1; mend the reason, then npm run resend-failed-events' },
  ]);
});
