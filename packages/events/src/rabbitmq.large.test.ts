import { randomUUID } from 'node:crypto';
import { customerDeleted, userDeleted, type Envelope } from '@clientela/contracts';
import { dedicatedBroker, testExchange } from '@clientela/testing';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import pino from 'pino';
import { deadQueueOf, queueOf, queueBindings } from './amqp-topology.ts';
import { amqpTransport } from './amqp-transport.ts';
import { publish, type Events } from './index.ts';
import {
  failures,
  origin,
  resend,
  testPublisher,
  testSubscriber,
  type TestPublisher,
  type TestSubscriber,
} from './testing/events-test-kit.ts';

const soon = { timeout: 30_000, interval: 50 };
const exchange = testExchange();
let rabbitmq: Awaited<ReturnType<typeof dedicatedBroker>>;
let settings: { RABBITMQ_URL: string; RABBITMQ_EXCHANGE: string };
let favorites: TestSubscriber;
let customer: TestPublisher;

beforeAll(async () => {
  rabbitmq = await dedicatedBroker();
  settings = { RABBITMQ_URL: rabbitmq.url, RABBITMQ_EXCHANGE: exchange };
  favorites = await testSubscriber('favorites', settings);
  customer = await testPublisher([favorites], settings);
  await vi.waitUntil(
    async () => (await rabbitmq.ctl('-q', 'list_consumers')).includes(`${exchange}.favorites\t`),
    soon,
  );
  await rabbitmq.flush();
}, 120_000);
afterAll(async () => {
  await customer?.close();
  await favorites?.close();
  await rabbitmq?.close();
}, 60_000);

let foreign: { model: ChannelModel; channel: Channel } | undefined;
beforeEach(() => void customer.start());
afterEach(async () => {
  await foreign?.model.close().catch(() => {});
  foreign = undefined;
  await customer.stop();
});
/** A foreign client of the same broker. */
async function openForeignChannel(): Promise<Channel> {
  const model = await connect(rabbitmq.url);
  model.on('error', () => {});
  foreign = { model, channel: await model.createChannel() };
  foreign.channel.on('error', () => {});
  return foreign.channel;
}
const sequences = async (customer_id: string) => (await favorites.effects(customer_id)).map(({ sequence }) => sequence);
/** The value in a Prometheus scrape. */
const metric = async (events: Events, name: string) =>
  new RegExp(`^${name}\\{subscriber="broker"\\} (\\S+)$`, 'm').exec(await events.metrics.metrics())?.[1];

test('keeps events pending while the broker is down, and delivers each once when it is back', async () => {
  await customer.stop();
  const events = customer.start();
  const [first, second] = [randomUUID(), randomUUID()];
  await customer.publishDeletion(first, 1);
  await expect.poll(() => sequences(first), soon).toEqual([1]);
  await rabbitmq.kill();
  for (const sequence of [2, 3, 4, 5]) await customer.publishDeletion(first, sequence);
  await customer.publishDeletion(second, 1);
  expect(await metric(events, 'clientela_outbox_pending')).toBe('5');
  await expect.poll(() => metric(events, 'clientela_outbox_oldest_pending_seconds'), soon).toMatch(/^[1-9]/);
  await rabbitmq.start();
  await expect.poll(() => sequences(first), soon).toEqual([1, 2, 3, 4, 5]);
  await expect.poll(() => sequences(second), soon).toEqual([1]);
  await expect.poll(() => metric(events, 'clientela_outbox_pending'), soon).toBe('0');
}, 90_000);

test('delivers queued messages after a restart of the broker', async () => {
  await favorites.stop();
  const customer_id = randomUUID();
  for (const sequence of [1, 2, 3]) await customer.publishDeletion(customer_id, sequence);
  await expect.poll(() => customer.pending(customer_id), soon).toEqual([]);
  await rabbitmq.kill();
  await rabbitmq.start();
  await favorites.start();
  await expect.poll(() => sequences(customer_id), soon).toEqual([1, 2, 3]);
}, 90_000);

test('pauses the relay, but no publisher, while the broker blocks', async () => {
  const before = randomUUID();
  await customer.publishDeletion(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.000001');
  const customer_id = randomUUID();
  for (const sequence of [1, 2, 3]) await customer.publishDeletion(customer_id, sequence);
  await expect.poll(() => customer.warnings(), soon).toContain('broker blocks publishers');
  expect(await sequences(customer_id)).toEqual([]);
  expect(await customer.pending(customer_id)).toHaveLength(3);
  await rabbitmq.ctl('set_vm_memory_high_watermark', '0.6');
  await expect.poll(() => sequences(customer_id), soon).toEqual([1, 2, 3]);
}, 60_000);

test('keeps a delivery that the broker does not confirm in time', async () => {
  const impatientPublisher = await testPublisher([favorites], settings, 2000);
  impatientPublisher.start();
  const before = randomUUID();
  await impatientPublisher.publishDeletion(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  const pid = Number(await rabbitmq.ctl('-q', 'eval', 'list_to_integer(os:getpid()).'));
  process.kill(pid, 'SIGSTOP');
  const customer_id = randomUUID();
  try {
    await impatientPublisher.publishDeletion(customer_id);
    await expect.poll(() => impatientPublisher.warnings(), soon).toContain('Broker did not confirm within 2000 ms');
    expect(await impatientPublisher.pending(customer_id)).toEqual(['broker']);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
  await expect.poll(() => impatientPublisher.pending(customer_id), soon).toEqual([]);
  await impatientPublisher.close();
}, 90_000);

test('declares deleted queues again and loses no unroutable event', async () => {
  const before = randomUUID();
  await customer.publishDeletion(before);
  await expect.poll(() => sequences(before), soon).toEqual([1]);
  await favorites.stop();
  const channel = await openForeignChannel();
  for (const service of customerDeleted.subscribers) await channel.deleteQueue(queueOf(exchange, service));
  const customer_id = randomUUID();
  await customer.publishDeletion(customer_id);
  await expect.poll(() => customer.pending(customer_id), soon).toEqual([]);
  await favorites.start();
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
}, 60_000);

test('publishes an event without subscribing services for foreign consumers, and does not wait for a queue', async () => {
  const user_id = randomUUID();
  const publishUserDeleted = () =>
    customer.db().transaction((tx) => publish(tx, userDeleted, origin, 1, { user_id, hard: true }));
  const pendingRows = () => customer.database.owner('outbox_deliveries').where({ subscriber: 'broker' });
  await publishUserDeleted();
  await expect.poll(pendingRows, soon).toEqual([]);
  const channel = await openForeignChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, exchange, 'user.*');
  await publishUserDeleted();
  const [last] = await customer.database.owner('outbox_events').select('id').orderBy('id', 'desc').limit(1);
  const lastId = last.id as string;
  const receive = async () => {
    const message = await channel.get(queue, { noAck: true });
    return message && { ...message, body: JSON.parse(message.content.toString()) };
  };
  await expect.poll(receive, soon).toMatchObject({
    fields: { routingKey: 'user.deleted' },
    properties: { deliveryMode: 2, contentType: 'application/json', type: 'user.deleted', messageId: lastId },
    body: { id: lastId, name: 'user.deleted', data: { user_id, hard: true } },
  });
}, 60_000);

test('stores a message that is never acknowledged as a dead letter, and resends it', async () => {
  await favorites.stop();
  const customer_id = randomUUID();
  await customer.publishDeletion(customer_id);
  await expect.poll(() => customer.pending(customer_id), soon).toEqual([]);
  const channel = await openForeignChannel();
  await channel.prefetch(1);
  let redeliveries = 0;
  await channel.consume(queueOf(exchange, 'favorites'), (message) => {
    if (!message) return;
    redeliveries += 1;
    channel.nack(message);
  });
  const dead = async () => (await channel.checkQueue(deadQueueOf(exchange, 'favorites'))).messageCount;
  await expect.poll(dead, soon).toBe(1);
  expect(redeliveries).toBeGreaterThan(40); // the limit tolerates as many consumer restarts
  await foreign?.model.close();
  await favorites.start();
  await expect
    .poll(() => failures([['favorites', favorites]], customer_id), soon)
    .toMatchObject([
      { service: 'favorites', subscriber: 'favorites', reason: 'redelivered up to the limit and never acknowledged' },
    ]);
  const [failed] = await failures([['favorites', favorites]], customer_id);
  await resend([['favorites', favorites]], failed?.id ?? '');
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
}, 60_000);

test('stores invalid messages as dead letters and processes the following ones', async () => {
  const channel = await openForeignChannel();
  channel.publish(exchange, 'customer.deleted', Buffer.from([0, 1, 255]));
  channel.publish(exchange, 'customer.deleted', Buffer.from('{"id":"1"}'));
  const customer_id = randomUUID();
  await customer.publishDeletion(customer_id);
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
  const deadLetters = () => favorites.database.owner('dead_letters').select('reason', 'envelope');
  await expect.poll(deadLetters, soon).toHaveLength(2);
  expect(await deadLetters()).toMatchObject([
    { envelope: { name: 'not an event: customer.deleted' } },
    { envelope: { name: 'not an event: customer.deleted' } },
  ]);
  await favorites.database.owner('dead_letters').delete();
});

test('declares every queue as a quorum queue with a dead-letter exchange and a single active consumer', async () => {
  const channel = await openForeignChannel();
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

test('closes the connection when the broker has an exchange of that name but of another type', async () => {
  const otherExchange = testExchange();
  await (await openForeignChannel()).assertExchange(otherExchange, 'fanout');
  const log = pino({ level: 'silent' });
  const transport = amqpTransport({ url: rabbitmq.url, exchange: otherExchange, service: 'product', log });
  const envelope = { id: randomUUID(), name: 'product.deleted' } as Envelope;
  const rest = { aggregate: 'a', attempts: 0, due_in: 0, traceparent: null };
  const delivery = { event_id: envelope.id, subscriber: 'broker', envelope, ...rest };
  for (let attempt = 0; attempt < 3; attempt += 1)
    await expect(transport.send(delivery, new AbortController().signal)).rejects.toThrow(/PRECONDITION/);
  await expect
    .poll(() => rabbitmq.ctl('-q', 'list_connections', 'client_properties'), soon)
    .not.toContain('clientela product relay');
});
