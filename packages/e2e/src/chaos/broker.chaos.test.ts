import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { customerNoteAdded } from '@clientela/contracts';
import { connect } from '@clientela/db';
import { outboxPoolOptions, publish } from '@clientela/events';
import { connect as connectTo } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chaosStreet, type ChaosStreet } from './chaos-fleet.ts';
import { allIsThere } from './checks.ts';
import { settles } from './retry.ts';
import { tell } from './seed.ts';
import { effectsOf, newWriter, startWriting } from './run-chaos.ts';
import { writeOne, writeThe, type Writer } from './writers.ts';

let street: ChaosStreet;
beforeAll(async () => {
  street = await chaosStreet('RabbitMQ');
});
afterAll(() => street?.end());

const writersOf = (story: string, many: number): Promise<Writer[]> =>
  Promise.all(Array.from({ length: many }, (_, at) => newWriter(street, `${story} writer ${at + 1}`)));
const paced = async (writer: Writer) => {
  await writeOne(writer);
  await sleep(40);
};
const figures = (took: number[]) => {
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share: number) => `${sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0)} ms`;
  return `${sorted.length} writes, half within ${at(0.5)}, 99 of 100 within ${at(0.99)}, all within ${at(1)}`;
};

test('the broker is away for a minute under load: nobody who writes notices, and all arrives after', async () => {
  const writers = await writersOf('minute', 4);
  const stop = startWriting(writers, paced);
  const taken = () => writers.flatMap(({ book }) => book.took.splice(0));
  await sleep(15_000);
  const before = taken();
  await street.broker?.kill();
  taken();
  await sleep(60_000);
  const meanwhile = taken();
  const waiting = await street.ask('customer', 'select count(*)::int as waiting from outbox_deliveries');
  await stop();
  await street.broker?.start();
  const back = Date.now();
  tell(`with a broker: ${figures(before)}; without: ${figures(meanwhile)}; ${JSON.stringify(waiting)} of customer`);
  expect(writers.map(({ book }) => book.repeated)).toEqual(writers.map(() => 0));
  expect(meanwhile.length).toBeGreaterThan(500);
  expect(await settles(effectsOf(street, writers), back + 60_000)).toEqual([]);
  tell(`all arrived ${((Date.now() - back) / 1000).toFixed(1)} s after it was back`);
  for (const writer of writers) expect(await allIsThere(writer)).toEqual([]);
});

test('a transaction is open for 10 s while 1,000 others commit: no event is skipped', async () => {
  const writers = await writersOf('late', 6);
  for (const writer of writers) await writeThe('newCustomer', writer);
  const db = connect(street.databases.customer.url, outboxPoolOptions({ RABBITMQ_URL: street.broker?.url }));
  const open = await db.transaction();
  const [company_id, customer_id] = [randomUUID(), randomUUID()];
  const cause = { id: randomUUID(), company_id, request_id: 'request-1' };
  await publish(open, customerNoteAdded, cause, 1, { customer_id, number: 1, note_id: randomUUID() });
  const written = () => writers.reduce((sum, { book }) => sum + book.writes, 0);
  const until = Date.now() + 10_000;
  const held = (async () => {
    for (; Date.now() < until || written() < 1000; await sleep(500)) await open.raw('select 1');
  })();
  const customersOnly = ['newCustomer', 'rename', 'note', 'tag', 'status', 'type'] as const;
  const stop = startWriting(writers, (writer) => writeThe(writer.dice.pick(customersOnly), writer));
  await held;
  await stop();
  tell(`${written()} writes while a transaction was open for ${((Date.now() - until) / 1000 + 10).toFixed(1)} s`);
  expect(await settles(effectsOf(street, writers), Date.now() + 30_000)).toEqual([]);
  const trail = () => street.ask('auth', 'select action from audit_logs where resource_id = $1', [customer_id]);
  expect(await trail()).toEqual([]);
  await open.commit();
  await db.destroy();
  await expect.poll(trail, { timeout: 15_000 }).toEqual([{ action: 'customer.note.added' }]);
  expect(written()).toBeGreaterThan(1000);
});

test('poison: what is no event, and what is none of its kind, are put aside with their reasons; the others flow', async () => {
  const [writer] = (await writersOf('poison', 1)) as [Writer];
  await writeThe('newCustomer', writer);
  const [customer] = writer.book.customers;
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
  const model = await connectTo(street.broker?.url ?? '');
  const channel = await model.createConfirmChannel();
  const send = (text: string, messageId: string) =>
    channel.publish(street.exchange, 'customer.note.added', Buffer.from(text), { messageId, persistent: true });
  send('}{ no JSON', noEvent);
  send(JSON.stringify(event(mangled, { note_id: 'none' })), mangled);
  await channel.waitForConfirms();
  await model.close();
  for (let times = 0; times < 50; times += 1) await writeThe('note', writer);

  const failed = async () =>
    (await street.ask('auth', 'select event_id, reason from dead_letters order by reason')).map(
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
      await street.ask('auth', `select 1 from audit_logs where resource_id = $1 and action = 'customer.note.added'`, [
        customer?.id,
      ])
    ).length;
  await expect.poll(audited, { timeout: 15_000 }).toBe(50);
  await street.ask('auth', 'delete from dead_letters');
});
