import { randomUUID } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { purgeInbox, purgeOutbox } from './purge.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('product');
});
afterAll(() => database.drop());

/** An id that was made so many days ago (UUIDv7). */
function idOf(days: number): string {
  const hex = (Date.now() - days * 24 * 3600 * 1000).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}
const ago = (time: string) => database.owner.raw(`now() - interval '${time}'`);

test('what was heard long ago is forgotten, and nothing that may come again', async () => {
  const said = (days: number, heard: string) => ({ event_id: idOf(days), name: 'x', processed_at: ago(heard) });
  const [old, late, recent] = [said(40, '40 days'), said(40, '1 day'), said(29, '29 days')];
  await database.owner('inbox_events').insert([old, late, recent]);
  expect(await purgeInbox(database.db)).toBe(1);
  const left = await database.owner('inbox_events').pluck('event_id');
  expect(left.toSorted()).toEqual([late.event_id, recent.event_id].toSorted());
});

test('what everybody has is removed after a while; what waits or failed stays', async () => {
  const said = (written: string) => ({ id: randomUUID(), envelope: {}, written_at: ago(written) });
  const [done, fresh, waits, failed] = [said('11 minutes'), said('9 minutes'), said('2 days'), said('2 days')];
  await database.owner('outbox_events').insert([done, fresh, waits, failed]);
  await database.owner('outbox_deliveries').insert([
    { event_id: waits.id, subscriber: 'auth', aggregate: 'a' },
    { event_id: failed.id, subscriber: 'auth', aggregate: 'b', failed_at: ago('1 day') },
  ]);
  expect(await purgeOutbox(database.db)).toBe(1);
  const left = await database.owner('outbox_events').pluck('id');
  expect(left.toSorted()).toEqual([fresh.id, waits.id, failed.id].toSorted());
});
