import { randomUUID } from 'node:crypto';
import { sharedBroker, testExchange } from '@clientela/testing';
import { expect, test } from 'vitest';
import { failures, resend, testPublisher, testSubscriber } from './testing/events-test-kit.ts';
import { testBacklogsAndRetries, testDelivery } from './testing/delivery-tests.ts';
import { testFaultyDelivery } from './testing/faulty-delivery-tests.ts';
import { testTransportChange } from './testing/transport-change-tests.ts';
import { soon, transportTest, upTo } from './testing/transport-test.ts';

const overHttp = transportTest('HTTP');
testDelivery('HTTP', overHttp);
testBacklogsAndRetries('HTTP', overHttp);
testFaultyDelivery('HTTP', overHttp);
testDelivery('RabbitMQ', transportTest('RabbitMQ'));
// Backlogs, retries and faults over RabbitMQ, and the change to HTTP: transports.large.test.ts.

testTransportChange('from HTTP to RabbitMQ');

test('delivers one by one, in order and once, to a service of the version before arrays', async () => {
  const overHttp = { RABBITMQ_EXCHANGE: testExchange() };
  const favorites = await testSubscriber('favorites', overHttp, { rejectsArrays: true });
  const customer = await testPublisher([favorites], overHttp);
  const ids = [randomUUID(), randomUUID()];
  for (const sequence of upTo(6)) for (const id of ids) await customer.publishDeletion(id, sequence);
  customer.start();
  for (const id of ids)
    await expect.poll(async () => (await favorites.effects(id)).map(({ sequence }) => sequence), soon).toEqual(upTo(6));
  for (const id of ids) await expect.poll(() => customer.pending(id), soon).toEqual([]);
  await customer.close();
  await favorites.close();
});

test('keeps a failed broker delivery after the change to HTTP, until it is resent', async () => {
  const overBroker = { RABBITMQ_EXCHANGE: testExchange(), RABBITMQ_URL: await sharedBroker() };
  const overHttp = { RABBITMQ_EXCHANGE: overBroker.RABBITMQ_EXCHANGE };
  const favorites = await testSubscriber('favorites', overHttp);
  const customer = await testPublisher([favorites], overBroker);
  const [failed, pending] = [randomUUID(), randomUUID()];
  await customer.publishDeletion(failed);
  await customer.database.owner('outbox_deliveries').update({ failed_at: customer.database.owner.fn.now() });
  await customer.publishDeletion(pending);
  customer.start(overHttp);
  await expect.poll(() => favorites.effects(pending), soon).toHaveLength(1);
  const [failure] = await failures([['customer', customer]], failed);
  expect([failure?.subscriber, await favorites.effects(failed)]).toEqual(['broker', []]);
  expect(await resend([['customer', customer]], failure?.id ?? '')).toEqual([1]);
  await expect.poll(() => favorites.effects(failed), soon).toHaveLength(1);
  expect(await failures([['customer', customer]], failed)).toEqual([]);
  await customer.close();
  await favorites.close();
}, 120_000);
