import { randomUUID } from 'node:crypto';
import { unavailable } from '@clientela/errors';
import { customerDeleted } from '@clientela/contracts';
import { runAndEnd, startTrace, startTracing, type Span } from '@clientela/runtime';
import { otlpReceiver, testTraceSettings } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { publishAll } from '../index.ts';
import { failures, log, origin, resend } from './events-test-kit.ts';
import { allConfirmed, sequences, soon, type Transport, type TransportTest } from './transport-test.ts';

/** Tests what a transport promises: delivery once, with a trace, and failed events. */
export function testDelivery(transport: Transport, test: TransportTest): void {
  describe(`over ${transport}`, () => {
    test('delivers a committed event once to each subscriber, with its full envelope, and deletes the deliveries', async ({
      interaction,
      favorites,
      customer,
    }) => {
      const customer_id = randomUUID();
      await customer.publishDeletion(customer_id, 7);
      for (const subscriber of [interaction, favorites]) {
        await expect.poll(() => sequences(subscriber, customer_id), soon).toEqual([7]);
        expect(subscriber.offered.find(({ data }) => data['customer_id'] === customer_id)).toEqual({
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          name: 'customer.deleted',
          occurred_at: expect.stringMatching(/Z$/),
          company_id: origin.company_id,
          actor_id: origin.id,
          request_id: 'request-1',
          sequence: 7,
          data: { customer_id, number: 10_000_000, hard: true },
        });
      }
      await allConfirmed(customer, customer_id);
    });

    test('traces a delivery below the publisher’s span, and each handler in the same trace, linked and without a parent', async ({
      customer,
    }) => {
      const receiver = await otlpReceiver();
      const stop = await startTracing('test', testTraceSettings(receiver.url), log);
      const customer_id = randomUUID();
      const root = startTrace('DELETE /api/customers/{customer_id}', 'server', {}) as Span;
      await runAndEnd(root, () => customer.publishDeletion(customer_id));
      const handled = () => receiver.spans.filter(({ kind }) => kind === 'consumer').length;
      await expect.poll(handled, soon).toBe(2);
      await stop();
      await receiver.close();

      const ofTrace = receiver.spans.filter(({ traceId }) => traceId === root.trace.id);
      const producers = ofTrace.filter(({ kind }) => kind === 'producer');
      const system = transport === 'HTTP' ? 'http' : 'rabbitmq';
      const message = { 'messaging.system': system, 'messaging.destination.name': 'customer.deleted' };
      expect(producers.map(({ attributes }) => attributes['clientela.subscriber']).toSorted()).toEqual(
        transport === 'HTTP' ? ['favorites', 'interaction'] : ['broker'],
      );
      for (const producer of producers)
        expect(producer).toMatchObject({ name: 'send customer.deleted', parentId: root.id, attributes: message });
      const consumers = ofTrace.filter(({ kind }) => kind === 'consumer');
      for (const consumer of consumers) {
        expect(consumer).toMatchObject({ name: 'process customer.deleted', parentId: '', attributes: message });
        expect(producers.map(({ id }) => id)).toContain(consumer.links[0]?.spanId);
        const below = new Set([consumer.id]);
        for (const { id, parentId } of ofTrace.toSorted((a, b) => a.start - b.start))
          if (below.has(parentId)) below.add(id);
        const names = ofTrace.filter(({ id }) => below.has(id)).map(({ name }) => name);
        expect(names).toEqual(expect.arrayContaining(['insert_processed_events', 'insert effects']));
      }
      expect(receiver.bytes().includes(customer_id)).toBe(false);
    });

    test('stores a poison message as a failed event with its reason while others are delivered, and resends it', async ({
      interaction,
      favorites,
      customer,
      participants,
    }) => {
      const [poison, healthy] = [randomUUID(), randomUUID()];
      favorites.failWith(({ data, sequence }) => {
        if (data['customer_id'] === poison && sequence === 1) throw new Error('cannot be handled');
      });
      await customer.publishDeletion(poison, 1);
      await customer.publishDeletion(healthy, 1);
      await customer.publishDeletion(poison, 2);
      await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
      await expect.poll(() => sequences(favorites, poison), soon).toEqual([2]); // delivered in order until the first one failed
      const [failed, ...others] = await failures(participants, poison);
      expect(others).toEqual([]);
      expect(failed).toMatchObject({
        name: 'customer.deleted',
        subscriber: 'favorites',
        service: transport === 'HTTP' ? 'customer' : 'favorites',
        attempts: 3,
        reason: transport === 'HTTP' ? 'responded 500' : 'Error',
        business_id: origin.company_id,
        sequence: 1,
      });
      await expect.poll(() => sequences(interaction, poison), soon).toEqual([1, 2]);
      favorites.failWith(() => {});
      expect((await resend(participants, failed?.id ?? '')).reduce((sum, sent) => sum + sent)).toBe(1);
      await expect.poll(() => sequences(favorites, poison), soon).toEqual([2, 1]);
      expect(await failures(participants, poison)).toEqual([]);
      expect(await sequences(interaction, poison)).toEqual([1, 2]);
    });
  });
}

/** Tests that a transport delivers backlogs in few transactions, and retries one record's events while others are delivered. */
export function testBacklogsAndRetries(transport: Transport, test: TransportTest): void {
  describe(`over ${transport}`, () => {
    test('handles a backlog in few transactions, with a poison message in it, and keeps the order of each record', async ({
      interaction,
      favorites,
      customer,
      participants,
    }) => {
      const few = 30; // of 90 events
      const ids = Array.from({ length: 30 }, () => randomUUID());
      const [poison = ''] = ids;
      favorites.failWith(({ data, sequence }) => {
        if (data['customer_id'] === poison && sequence === 2) throw new Error('cannot be handled');
      });
      const payloads = [1, 2, 3].flatMap((sequence) =>
        ids.map((customer_id) => ({ sequence, data: { customer_id, number: 1, hard: true } })),
      );
      await customer.stop();
      await customer.db().transaction((tx) => publishAll(tx, customerDeleted, origin, payloads));
      customer.start();
      for (const id of ids) await expect.poll(() => sequences(interaction, id), soon).toEqual([1, 2, 3]);
      expect(await interaction.transactions(ids)).toBeLessThanOrEqual(few);
      for (const id of ids.slice(1)) await expect.poll(() => sequences(favorites, id), soon).toEqual([1, 2, 3]);
      await expect.poll(() => sequences(favorites, poison), soon).toEqual([1, 3]);
      expect(await favorites.transactions(ids)).toBeLessThanOrEqual(few);
      expect((await failures(participants, poison)).map(({ sequence, attempts }) => [sequence, attempts])).toEqual([
        [2, 3],
      ]);
    });

    test('rolls back and retries a failing handler, and blocks only its own aggregate', async ({
      interaction,
      favorites,
      customer,
      participants,
    }) => {
      const [failing, healthy] = [randomUUID(), randomUUID()];
      let isAvailable = false;
      favorites.failWith(({ data }) => {
        if (data['customer_id'] === failing && !isAvailable) throw unavailable('dependency unavailable');
      });
      await customer.publishDeletion(failing, 1);
      await customer.publishDeletion(failing, 2);
      await customer.publishDeletion(healthy, 1);
      await expect.poll(() => sequences(interaction, healthy), soon).toEqual([1]);
      if (transport === 'RabbitMQ') await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
      expect(await sequences(favorites, failing)).toEqual([]);
      isAvailable = true;
      await expect.poll(() => sequences(favorites, failing), soon).toEqual([1, 2]);
      await expect.poll(() => sequences(favorites, healthy), soon).toEqual([1]);
      expect(await failures(participants, failing)).toEqual([]);
    });
  });
}
