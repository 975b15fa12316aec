import type { Service } from '@clientela/contracts';
import { sharedBroker, testExchange } from '@clientela/testing';
import { expect, test } from 'vitest';
import {
  testPublisher,
  testSubscriber,
  type Settings,
  type TestPublisher,
  type TestSubscriber,
} from './events-test-kit.ts';

export type Transport = 'HTTP' | 'RabbitMQ';

export const soon = { timeout: 45_000, interval: 50 };
export const upTo = (to: number) => Array.from({ length: to }, (_, at) => at + 1);

/** The sequences of the events of one customer that took effect at a subscriber. */
export const sequences = async (subscriber: TestSubscriber, customer_id: string) =>
  (await subscriber.effects(customer_id)).map(({ sequence }) => sequence);
export const allConfirmed = (customer: TestPublisher, customer_id: string) =>
  expect.poll(() => customer.pending(customer_id), soon).toEqual([]);

/** Tests with a publisher, the customer service, and two subscribers, which handle all events at the start of each test. */
export const transportTest = (transport: Transport) =>
  test
    // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
    .extend('services', { scope: 'file' }, async ({}, { onCleanup }) => {
      const settings: Settings = {
        RABBITMQ_EXCHANGE: testExchange(),
        ...(transport === 'RabbitMQ' && { RABBITMQ_URL: await sharedBroker() }),
      };
      const [interaction, favorites] = await Promise.all([
        testSubscriber('interaction', settings),
        testSubscriber('favorites', settings),
      ]);
      const customer = await testPublisher([interaction, favorites], settings);
      customer.start();
      onCleanup(async () => {
        await customer.close();
        await Promise.all([interaction.close(), favorites.close()]);
      });
      return { interaction, favorites, customer };
    })
    .extend('interaction', ({ services }) => handlingAll(services.interaction))
    .extend('favorites', ({ services }) => handlingAll(services.favorites))
    // After the subscribers, because they receive what it publishes.
    .extend('customer', ({ services, interaction: _interaction, favorites: _favorites }) => services.customer)
    .extend('participants', ({ customer, interaction, favorites }): [Service, TestSubscriber | TestPublisher][] => [
      ['customer', customer],
      ['interaction', interaction],
      ['favorites', favorites],
    ]);

export type TransportTest = ReturnType<typeof transportTest>;

function handlingAll(subscriber: TestSubscriber): TestSubscriber {
  subscriber.failWith(() => {});
  return subscriber;
}
