import { randomUUID } from 'node:crypto';
import { customerDeleted, userDeleted } from '@clientela/contracts';
import { dedicatedBroker, testExchange } from '@clientela/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { deadQueueOf, queueOf, queueBindings } from './amqp-topology.ts';
import { publish, type Events } from './index.ts';
import { cause, failures, hearer, resend, speaker, type Hearer, type Speaker } from './two-sides.ts';

const soon = { timeout: 30_000, interval: 50 };
const exchange = testExchange();
let rabbitmq: Awaited<ReturnType<typeof dedicatedBroker>>;
let settings: { RABBITMQ_URL: string; RABBITMQ_EXCHANGE: string };
let favorites: Hearer;
let customer: Speaker;

beforeAll(async () => {
  rabbitmq = await dedicatedBroker();
  settings = { RABBITMQ_URL: rabbitmq.url, RABBITMQ_EXCHANGE: exchange };
  favorites = await hearer('favorites', settings);
  customer = await speaker([favorites], settings);
  await vi.waitUntil(
    async () => (await rabbitmq.ctl('-q', 'list_consumers')).includes(`${exchange}.favorites\t`),
    soon,
  );
  await rabbitmq.settled();
}, 120_000);
afterAll(async () => {
  await customer?.close();
  await favorites?.close();
  await rabbitmq?.close();
}, 60_000);

let outside: { model: ChannelModel; channel: Channel } | undefined;
beforeEach(() => void customer.start());
afterEach(async () => {
  await outside?.model.close().catch(() => {});
  outside = undefined;
  await customer.stop();
});
/** Somebody else at the same broker. */
async function elsewhere(): Promise<Channel> {
  const model = await connect(rabbitmq.url);
  model.on('error', () => {});
  outside = { model, channel: await model.createChannel() };
  outside.channel.on('error', () => {});
  return outside.channel;
}
const sequences = async (customer_id: string) => (await favorites.effects(customer_id)).map(({ sequence }) => sequence);
/** As a scrape sees it. */
const figure = async (events: Events, name: string) =>
  new RegExp(`^${name}\\{subscriber="broker"\\} (\\S+)$`, 'm').exec(await events.metrics.metrics())?.[1];

test('a broker that is killed and comes back: nobody who writes notices, nothing is lost, nothing is twice', async () => {
  await customer.stop();
  const events = customer.start();
  const [one, other] = [randomUUID(), randomUUID()];
  await customer.say(one, 1);
  await expect.poll(() => sequences(one), soon).toEqual([1]);
  await rabbitmq.kill();
  for (const sequence of [2, 3, 4, 5]) await customer.say(one, sequence);
  await customer.say(other, 1);
  expect(await figure(events, 'clientela_outbox_pending')).toBe('5');
  await expect.poll(() => figure(events, 'clientela_outbox_oldest_pending_seconds'), soon).toMatch(/^[1-9]/);
  await rabbitmq.start();
  await expect.poll(() => sequences(one), soon).toEqual([1, 2, 3, 4, 5]);
  await expect.poll(() => sequences(other), soon).toEqual([1]);
  await expect.poll(() => figure(events, 'clientela_outbox_pending'), soon).toBe('0');
}, 90_000);

test('messages that the broker has survive its restart, and those that were being heard come again', async () => {
  await favorites.stop();
  const customer_id = randomUUID();
  for (const sequence of [1, 2, 3]) await customer.say(customer_id, sequence);
  await expect.poll(() => customer.waiting(customer_id), soon).toEqual([]);
  await rabbitmq.kill();
  await rabbitmq.start();
  await favorites.start();
  await expect.poll(() => sequences(customer_id), soon).toEqual([1, 2, 3]);
}, 90_000);

test('a broker that takes no messages for now stops the sender, and not those who write', async () => {
  const before = randomUUID();
  await customer.say(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.000001');
  const customer_id = randomUUID();
  for (const sequence of [1, 2, 3]) await customer.say(customer_id, sequence);
  await expect.poll(() => customer.warnings(), soon).toContain('the broker takes no messages for now');
  expect(await sequences(customer_id)).toEqual([]);
  expect(await customer.waiting(customer_id)).toHaveLength(3);
  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.6');
  await expect.poll(() => sequences(customer_id), soon).toEqual([1, 2, 3]);
}, 60_000);

test('a broker that confirms nothing in time is not believed to have the event', async () => {
  const impatient = await speaker([favorites], settings, 2000);
  impatient.start();
  const before = randomUUID();
  await impatient.say(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  const pid = Number(await rabbitmq.ctl('-q', 'eval', 'list_to_integer(os:getpid()).'));
  process.kill(pid, 'SIGSTOP');
  const customer_id = randomUUID();
  try {
    await impatient.say(customer_id);
    await expect.poll(() => impatient.warnings(), soon).toContain('the broker did not confirm within 2000 ms');
    expect(await impatient.waiting(customer_id)).toEqual(['broker']);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
  await expect.poll(() => impatient.waiting(customer_id), soon).toEqual([]);
  await impatient.close();
}, 90_000);

test('an event that no queue takes is not lost: the queues are made again', async () => {
  const before = randomUUID();
  await customer.say(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  await favorites.stop();
  const channel = await elsewhere();
  for (const service of customerDeleted.subscribers) await channel.deleteQueue(queueOf(exchange, service));
  const customer_id = randomUUID();
  await customer.say(customer_id);
  await expect.poll(() => customer.waiting(customer_id), soon).toEqual([]);
  await favorites.start();
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
}, 60_000);

test('an event that nobody of ours hears is there for others, and waits for none', async () => {
  const user_id = randomUUID();
  const say = () => customer.db().transaction((tx) => publish(tx, userDeleted, cause, 1, { user_id, hard: true }));
  const left = () => customer.database.owner('outbox_deliveries').where({ subscriber: 'broker' });
  await say();
  await expect.poll(left, soon).toEqual([]);
  const channel = await elsewhere();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, 'user.*');
  await say();
  const [last] = await customer.database.owner('outbox_events').select('id').orderBy('id', 'desc').limit(1);
  const lastId = last.id as string;
  const got = async () => {
    const message = await channel.get(queue, { noAck: true });
    return message && { ...message, body: JSON.parse(message.content.toString()) };
  };
  await expect.poll(got, soon).toMatchObject({
    fields: { routingKey: 'user.deleted' },
    properties: { deliveryMode: 2, contentType: 'application/json', type: 'user.deleted', messageId: lastId },
    body: { id: lastId, name: 'user.deleted', data: { user_id, hard: true } },
  });
}, 60_000);

test('a message that is handed out and never answered ends as a failed event, and can be sent again', async () => {
  await favorites.stop();
  const customer_id = randomUUID();
  await customer.say(customer_id);
  await expect.poll(() => customer.waiting(customer_id), soon).toEqual([]);
  const channel = await elsewhere();
  await channel.prefetch(1);
  let handedOut = 0;
  await channel.consume(queueOf(exchange, 'favorites'), (message) => {
    if (!message) return;
    handedOut += 1;
    channel.nack(message);
  });
  const dead = async () => (await channel.checkQueue(deadQueueOf(exchange, 'favorites'))).messageCount;
  await expect.poll(dead, soon).toBe(1);
  expect(handedOut).toBeGreaterThan(40); // as many restarts of a consumer are no reason to give up
  await outside?.model.close();
  await favorites.start();
  await expect
    .poll(() => failures([['favorites', favorites]], customer_id), soon)
    .toMatchObject([
      { service: 'favorites', subscriber: 'favorites', reason: 'it was handed out many times and never answered' },
    ]);
  const [failed] = await failures([['favorites', favorites]], customer_id);
  await resend([['favorites', favorites]], failed?.id ?? '');
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
}, 60_000);

test('what is no event at all is put aside, and the others flow', async () => {
  const channel = await elsewhere();
  channel.publish(exchange, 'customer.deleted', Buffer.from([0, 1, 255]));
  channel.publish(exchange, 'customer.deleted', Buffer.from('{"id":"1"}'));
  const customer_id = randomUUID();
  await customer.say(customer_id);
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
  const kept = () => favorites.database.owner('dead_letters').select('reason', 'envelope');
  await expect.poll(kept, soon).toHaveLength(2);
  expect(await kept()).toMatchObject([
    { envelope: { name: 'not an event: customer.deleted' } },
    { envelope: { name: 'not an event: customer.deleted' } },
  ]);
  await favorites.database.owner('dead_letters').delete();
});

test('every queue is replicated, has an end for what fails, and one consumer at a time', async () => {
  const channel = await elsewhere();
  for (const { service } of queueBindings()) {
    await channel.checkQueue(queueOf(exchange, service));
    await channel.checkQueue(deadQueueOf(exchange, service));
  }
  const listed = await rabbitmq.ctl('-q', 'list_queues', 'name', 'type', 'durable', 'arguments');
  const line = listed.split('\n').find((text) => text.startsWith(`${queueOf(exchange, 'favorites')}\t`));
  expect(line).toMatch(/\tquorum\ttrue\t/);
  for (const argument of ['x-delivery-limit', 'x-dead-letter-exchange', 'x-single-active-consumer'])
    expect(line).toContain(argument);
});
