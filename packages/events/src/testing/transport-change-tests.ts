import { randomUUID } from 'node:crypto';
import { sharedBroker, testExchange } from '@clientela/testing';
import { describe, expect, test } from 'vitest';
import { testPublisher, testSubscriber } from './events-test-kit.ts';
import { soon, upTo } from './transport-test.ts';

/** Tests that events which wait while the transport is changed are delivered over the new one. */
export function testTransportChange(change: 'from HTTP to RabbitMQ' | 'from RabbitMQ to HTTP'): void {
  describe(`changing the transport ${change}`, () => {
    test('delivers pending events once and in order', async () => {
      const overBroker = { RABBITMQ_EXCHANGE: testExchange(), RABBITMQ_URL: await sharedBroker() };
      const overHttp = { RABBITMQ_EXCHANGE: overBroker.RABBITMQ_EXCHANGE };
      const [before, after] = change.startsWith('from HTTP') ? [overHttp, overBroker] : [overBroker, overHttp];
      const [interaction, favorites] = await Promise.all([
        testSubscriber('interaction', after),
        testSubscriber('favorites', after),
      ]);
      const customer = await testPublisher([interaction, favorites], before);
      const [first, second] = [randomUUID(), randomUUID()];
      for (const sequence of upTo(5)) await customer.publishDeletion(first, sequence);
      await customer.publishDeletion(second, 1);
      customer.useSettings(after);
      for (const sequence of [6, 7, 8]) await customer.publishDeletion(first, sequence);
      customer.start();
      for (const subscriber of [interaction, favorites]) {
        await expect
          .poll(async () => (await subscriber.effects(first)).map(({ sequence }) => sequence), soon)
          .toEqual(upTo(8));
        await expect.poll(() => subscriber.effects(second), soon).toHaveLength(1);
      }
      await expect.poll(() => customer.pending(first), soon).toEqual([]);
      await customer.close();
      await Promise.all([interaction.close(), favorites.close()]);
    }, 120_000);
  });
}
