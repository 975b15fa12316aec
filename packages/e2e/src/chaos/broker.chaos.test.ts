import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { customerNoteAdded } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, publish } from '@clientela/events';
import { connect as connectTo } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { missingRecords } from './checks.ts';
import { waitUntilFine } from './retry.ts';
import { log } from './seed.ts';
import { checkEffects, newWriter, startWriting } from './run-chaos.ts';
import { writeOne, write, type Writer } from './writers.ts';

let fleet: ChaosFleet;
beforeAll(async () => {
  fleet = await startChaosFleet('RabbitMQ');
});
afterAll(() => fleet?.end());

const newWriters = (test: string, count: number): Promise<Writer[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => newWriter(fleet, `${test} writer ${at + 1}`)));
const writeSlowly = async (writer: Writer) => {
  await writeOne(writer);
  await sleep(40);
};
const statistics = (durations: number[]) => {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (quantile: number) => `${sorted[Math.floor((sorted.length - 1) * quantile)]?.toFixed(0)} ms`;
  return `${sorted.length} writes, p50 ${at(0.5)}, p99 ${at(0.99)}, maximum ${at(1)}`;
};

test('a broker outage of a minute under load delays no write; all events are delivered afterwards', async () => {
  const writers = await newWriters('minute', 4);
  const stop = startWriting(writers, writeSlowly);
  const takeDurations = () => writers.flatMap(({ ledger }) => ledger.durations.splice(0));
  await sleep(15_000);
  const before = takeDurations();
  await fleet.broker?.kill();
  takeDurations();
  await sleep(60_000);
  const meanwhile = takeDurations();
  const waiting = await fleet.query('customer', 'select count(*)::int as waiting from outbox_deliveries');
  await stop();
  await fleet.broker?.start();
  const back = Date.now();
  log(
    `with a broker: ${statistics(before)}; without: ${statistics(meanwhile)}; ${JSON.stringify(waiting)} of customer`,
  );
  expect(writers.map(({ ledger }) => ledger.retries)).toEqual(writers.map(() => 0));
  expect(meanwhile.length).toBeGreaterThan(500);
  expect(await waitUntilFine(checkEffects(fleet, writers), back + 60_000)).toEqual([]);
  log(`all events arrived ${((Date.now() - back) / 1000).toFixed(1)} s after it was back`);
  for (const writer of writers) expect(await missingRecords(writer)).toEqual([]);
});

test('skips no event of a transaction that is open for 10 s while 1,000 others commit', async () => {
  const writers = await newWriters('late', 6);
  for (const writer of writers) await write('newCustomer', writer);
  const db = connect(fleet.databases.customer.url, outboxPoolOptions({ RABBITMQ_URL: fleet.broker?.url }));
  const open = await db.transaction();
  const [company_id, customer_id] = [randomUUID(), randomUUID()];
  const cause = { id: randomUUID(), company_id, request_id: 'request-1' };
  await publish(open, customerNoteAdded, cause, 1, { customer_id, number: 1, note_id: randomUUID() });
  const written = () => writers.reduce((sum, { ledger }) => sum + ledger.writes, 0);
  const until = Date.now() + 10_000;
  const keptOpen = (async () => {
    for (; Date.now() < until || written() < 1000; await sleep(500)) await open.raw('select 1');
  })();
  const customersOnly = ['newCustomer', 'rename', 'note', 'tag', 'status', 'type'] as const;
  const stop = startWriting(writers, (writer) => write(writer.random.pick(customersOnly), writer));
  await keptOpen;
  await stop();
  log(`${written()} writes while a transaction was open for ${((Date.now() - until) / 1000 + 10).toFixed(1)} s`);
  expect(await waitUntilFine(checkEffects(fleet, writers), Date.now() + 30_000)).toEqual([]);
  const trail = () => fleet.query('auth', 'select action from audit_logs where resource_id = $1', [customer_id]);
  expect(await trail()).toEqual([]);
  await open.commit();
  await db.destroy();
  await expect.poll(trail, { timeout: 15_000 }).toEqual([{ action: 'customer.note.added' }]);
  expect(written()).toBeGreaterThan(1000);
});

test('messages that are no valid events become dead letters with a reason, and delay no others', async () => {
  const [writer] = (await newWriters('poison', 1)) as [Writer];
  await write('newCustomer', writer);
  const [customer] = writer.ledger.customers;
  const event = (id: string, data: object) => ({
    id,
    name: 'customer.note.added',
    occurred_at: new Date().toISOString(),
    company_id: writer.company_id,
    actor_id: writer.client.user.id,
    request_id: 'request-1',
    sequence: 1,
    data: { customer_id: customer?.id, number: customer?.number, ...data },
  });
  const [mangled, noEvent] = [randomUUID(), randomUUID()];
  const model = await connectTo(fleet.broker?.url ?? '');
  const channel = await model.createConfirmChannel();
  const send = (text: string, messageId: string) =>
    channel.publish(fleet.exchange, 'customer.note.added', Buffer.from(text), { messageId, persistent: true });
  send('}{ no JSON', noEvent);
  send(JSON.stringify(event(mangled, { note_id: 'none' })), mangled);
  await channel.waitForConfirms();
  await model.close();
  for (let times = 0; times < 50; times += 1) await write('note', writer);

  const failed = async () =>
    (await fleet.query('auth', 'select event_id, reason from dead_letters order by reason')).map(
      ({ event_id, reason }) => [event_id, reason],
    );
  await expect.poll(failed, { timeout: 15_000 }).toHaveLength(2);
  expect(Object.fromEntries(await failed())).toEqual({
    [noEvent]: expect.stringContaining('not an event'),
    [mangled]: expect.stringContaining('customer.note.added'),
  });
  const { body } = await writer.client.get('/api/v1/events/failed');
  expect(body.events).toMatchObject([{ id: mangled, service: 'auth', name: 'customer.note.added' }]);
  const audited = async () =>
    (
      await fleet.query('auth', `select 1 from audit_logs where resource_id = $1 and action = 'customer.note.added'`, [
        customer?.id,
      ])
    ).length;
  await expect.poll(audited, { timeout: 15_000 }).toBe(50);
  await fleet.query('auth', 'delete from dead_letters');
});
