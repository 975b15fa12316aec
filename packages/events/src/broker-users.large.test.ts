import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { services, type Service } from '@clientela/contracts';
import { dedicatedBroker, testExchange } from '@clientela/testing';
import { connect } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { brokerDefinitions } from './index.ts';
import {
  failures,
  origin,
  resend,
  testPublisher,
  testSubscriber,
  type TestPublisher,
  type TestSubscriber,
} from './testing/events-test-kit.ts';

// Each service connects as its own user of the broker, who may declare nothing.

const soon = { timeout: 30_000, interval: 50 };
const exchange = testExchange();
let rabbitmq: Awaited<ReturnType<typeof dedicatedBroker>>;
let favorites: TestSubscriber;
let customer: TestPublisher;
const settingsOf = (service: Service) => {
  const url = new URL(rabbitmq.url);
  url.username = service;
  url.password = `password of ${service}`;
  return { RABBITMQ_URL: url.href, RABBITMQ_EXCHANGE: exchange };
};

beforeAll(async () => {
  rabbitmq = await dedicatedBroker();
  const passwords = Object.fromEntries(services.map((service) => [service, `password of ${service}`]));
  const folder = mkdtempSync(join(tmpdir(), 'definitions-'));
  writeFileSync(
    join(folder, 'definitions.json'),
    JSON.stringify(brokerDefinitions(exchange, passwords as Record<Service, string>)),
  );
  await rabbitmq.ctl('import_definitions', join(folder, 'definitions.json'));
  rmSync(folder, { recursive: true });
  favorites = await testSubscriber('favorites', settingsOf('favorites'));
  customer = await testPublisher([favorites], settingsOf('customer'));
}, 120_000);
afterAll(async () => {
  await customer?.close();
  await favorites?.close();
  await rabbitmq?.close();
}, 60_000);

const sequences = async (customer_id: string) => (await favorites.effects(customer_id)).map(({ sequence }) => sequence);

test('delivers events, also those that were published for HTTP', async () => {
  const customer_id = randomUUID();
  customer.useSettings({ RABBITMQ_EXCHANGE: exchange });
  await customer.publishDeletion(customer_id, 1);
  expect(await customer.pending(customer_id)).toEqual(['favorites']);
  customer.start(settingsOf('customer'));
  await customer.publishDeletion(customer_id, 2);
  await expect.poll(() => sequences(customer_id), soon).toEqual([1, 2]);
  await expect.poll(() => customer.pending(customer_id), soon).toEqual([]);
});

test('delivers a failed event again to its own handlers', async () => {
  const customer_id = randomUUID();
  favorites.failWith(() => {
    throw new Error('not yet');
  });
  await customer.publishDeletion(customer_id);
  await expect.poll(() => failures([['favorites', favorites]], customer_id), soon).toHaveLength(1);
  favorites.failWith(() => {});
  const [failed] = await failures([['favorites', favorites]], customer_id);
  await resend([['favorites', favorites]], failed?.id ?? '');
  await expect.poll(() => sequences(customer_id), soon).toEqual([1]);
});

test('stores an event as a dead letter that another service publishes under a name of its own', async () => {
  const model = await connect(settingsOf('product').RABBITMQ_URL);
  const channel = await model.createConfirmChannel();
  const customer_id = randomUUID();
  const [first, second] = [randomUUID(), randomUUID()];
  const content = (id: string) =>
    Buffer.from(
      JSON.stringify({
        id,
        name: 'customer.deleted',
        occurred_at: new Date().toISOString(),
        sequence: 1,
        company_id: origin.company_id,
        actor_id: origin.id,
        request_id: 'request-1',
        data: { customer_id, number: 10_000_000, hard: true },
      }),
    );
  // The broker checks the first routing key only; `CC` adds others.
  channel.publish(exchange, 'product.created', content(first), { messageId: first, CC: 'customer.deleted' });
  channel.publish(`${exchange}.direct`, 'product.created.favorites', content(second), { messageId: second });
  await channel.waitForConfirms();
  await model.close();
  const deadLetters = () =>
    favorites.database
      .owner('dead_letters')
      .whereIn('event_id', [first, second])
      .orderBy('failed_at')
      .pluck('envelope');
  await expect
    .poll(deadLetters, soon)
    .toMatchObject([{ name: 'not an event: product.created' }, { name: 'not an event: product.created.favorites' }]);
  expect(await sequences(customer_id)).toEqual([]);
});
