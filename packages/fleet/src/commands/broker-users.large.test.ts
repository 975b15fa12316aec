import { events, services, type Service } from '@clientela/contracts';
import type { ConfirmChannel } from 'amqplib';
import { expect, test as base } from 'vitest';
import { exchange, isRefused, publishTo, startComposeBroker } from '../testing/compose-broker.ts';

const test = base.extend('broker', { scope: 'file' }, async ({}, { onCleanup }) => {
  const broker = await startComposeBroker();
  onCleanup(() => broker?.close());

  return broker;
});

const isSubscriber = (service: Service) =>
  Object.values(events)
    .flat()
    .some(({ subscribers }) => (subscribers as readonly string[]).includes(service));

test.for(services)(
  'lets %s publish events of its own names only, also to single services',
  async (service, { broker }) => {
    const connection = await broker.connectAs(service);
    for (const publisher of services) {
      for (const { name } of events[publisher]) {
        const expected = [name, publisher !== service];
        expect([name, await isRefused(connection, publishTo(exchange, name))]).toEqual(expected);
        expect([name, await isRefused(connection, publishTo(`${exchange}.direct`, `${name}.auth`))]).toEqual(expected);
      }
    }
  },
);

test.for(services)(
  'lets %s read its own queues, and neither declare nor reach a queue otherwise',
  async (service, { broker }) => {
    const connection = await broker.connectAs(service);
    for (const other of services.filter(isSubscriber)) {
      const queue = `${exchange}.${other}`;
      for (const name of [queue, `${queue}.dead`]) {
        const consume = (channel: ConfirmChannel) => channel.consume(name, () => {});
        expect([name, await isRefused(connection, consume)]).toEqual([name, other !== service]);
        expect([name, await isRefused(connection, publishTo('', name))]).toEqual([name, true]);
        expect(await isRefused(connection, (channel) => channel.bindQueue(name, exchange, '#'))).toBe(true);
        expect(await isRefused(connection, (channel) => channel.deleteQueue(name))).toBe(true);
      }
      expect(await isRefused(connection, publishTo(`${exchange}.dead`, other))).toBe(true);
    }
    expect(await isRefused(connection, (channel) => channel.assertQueue('own'))).toBe(true);
    expect(await isRefused(connection, (channel) => channel.assertQueue(''))).toBe(true);
    expect(await isRefused(connection, (channel) => channel.assertExchange('own', 'topic'))).toBe(true);
  },
);
