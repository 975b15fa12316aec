import { connect } from 'amqplib';
import { expect, test as base } from 'vitest';
import { exchange, isRefused, publishTo, startComposeBroker } from '../testing/compose-broker.ts';

// Every event with every user is in broker-users.large.test.ts.

const test = base.extend('broker', { scope: 'file' }, async ({}, { onCleanup }) => {
  const broker = await startComposeBroker();
  onCleanup(() => broker?.close());

  return broker;
});

test('RabbitMQ starts with the files that setup creates, logs to the console, and has no default user', async ({
  broker,
}) => {
  await expect(connect(broker.url)).rejects.toThrow(/ACCESS[-_]REFUSED/);
  // The setting displaces the image's own files, one of which turns the console log on.
  await expect.poll(() => broker.output()).toMatch(/\[info\] .*started TCP listener/);
});

test('the customer service publishes its own events, which favorites receives, and none of product', async ({
  broker,
}) => {
  const [customer, favorites] = [await broker.connectAs('customer'), await broker.connectAs('favorites')];
  const received: string[] = [];
  const channel = await favorites.createChannel();
  await channel.consume(`${exchange}.favorites`, (message) => void received.push(message?.fields.routingKey ?? ''), {
    noAck: true,
  });
  expect(await isRefused(customer, publishTo(exchange, 'customer.deleted'))).toBe(false);
  await expect.poll(() => received).toEqual(['customer.deleted']);
  for (const [to, key] of [
    [exchange, 'product.deleted'],
    [`${exchange}.direct`, 'product.deleted.auth'],
    [`${exchange}.dead`, 'favorites'],
    ['', `${exchange}.favorites`],
  ] as const)
    expect([key, await isRefused(customer, publishTo(to, key))]).toEqual([key, true]);
  const queue = `${exchange}.favorites`;
  expect(await isRefused(customer, (other) => other.consume(queue, () => {}))).toBe(true);
  expect(await isRefused(favorites, (own) => own.deleteQueue(queue))).toBe(true);
});
