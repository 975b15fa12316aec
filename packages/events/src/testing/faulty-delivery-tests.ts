import { randomUUID } from 'node:crypto';
import { customerDeleted } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { heldTransaction, tablesContaining } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { publish, publishAll } from '../index.ts';
import { failures, origin } from './events-test-kit.ts';
import { allConfirmed, sequences, soon, upTo, type Transport, type TransportTest } from './transport-test.ts';

/** Tests that a transport keeps its promises through rollbacks, stops, restarts and repeated deliveries. */
export function testFaultyDelivery(transport: Transport, test: TransportTest): void {
  describe(`over ${transport}, with faults`, () => {
    test('never sends an event of a rolled-back transaction', async ({ favorites, customer }) => {
      const [rolledBackId, committedId] = [randomUUID(), randomUUID()];
      const rolledBack = customer.db().transaction(async (tx) => {
        await publish(tx, customerDeleted, origin, 1, { customer_id: rolledBackId, number: 1, hard: true });
        throw new Error('rolled back');
      });
      await expect(rolledBack).rejects.toThrow('rolled back');
      await customer.publishDeletion(committedId);
      await expect.poll(() => sequences(favorites, committedId), soon).toEqual([1]);
      expect(favorites.offered.map(({ data }) => data['customer_id'])).not.toContain(rolledBackId);
    });

    test('delivers a batch of many aggregates once and in order, through deliveries of this transport only', async ({
      interaction,
      favorites,
      customer,
    }) => {
      const ids = [randomUUID(), randomUUID(), randomUUID()];
      const payloads = upTo(20).flatMap((sequence) =>
        ids.map((customer_id) => ({ sequence, data: { customer_id, number: 1, hard: true } })),
      );
      await customer.stop();
      await customer.db().transaction((tx) => publishAll(tx, customerDeleted, origin, payloads));
      const expected = transport === 'RabbitMQ' ? ['broker'] : ['favorites', 'interaction'];
      for (const id of ids)
        expect((await customer.pending(id)).toSorted()).toEqual(expected.flatMap((name) => upTo(20).map(() => name)));
      customer.start();
      for (const id of ids) {
        await expect.poll(() => sequences(favorites, id), soon).toEqual(upTo(20));
        await expect.poll(() => sequences(interaction, id), soon).toEqual(upTo(20));
        await allConfirmed(customer, id);
      }
    });

    test('keeps the order within an aggregate while other aggregates are delivered and retried', async ({
      interaction,
      favorites,
      customer,
    }) => {
      const ids = [randomUUID(), randomUUID(), randomUUID()];
      // Every seventh event fails once. One that failed repeatedly would become a dead letter and no longer block the others.
      const attempted = new Set<string>();
      favorites.failWith(({ id }) => {
        const isRetry = attempted.has(id);
        if (!isRetry && attempted.add(id).size % 7 === 0) throw new Error('not yet');
      });
      await customer.stop(); // so that the backlog is complete when the relay starts
      for (const sequence of upTo(15)) for (const id of ids) await customer.publishDeletion(id, sequence);
      customer.start();
      for (const id of ids) {
        await expect.poll(() => sequences(favorites, id), soon).toEqual(upTo(15));
        await expect.poll(() => sequences(interaction, id), soon).toEqual(upTo(15));
      }
      const offered = favorites.offered.filter(({ data }) => ids.some((id) => id === data['customer_id']));
      expect(offered.length).toBeGreaterThanOrEqual(45 + 6); // proves that handlers did fail
    });

    test('delivers to other subscribers while one is down, and catches up in order when it is back', async ({
      interaction,
      favorites,
      customer,
    }) => {
      const customer_id = randomUUID();
      await interaction.stop();
      for (const sequence of [1, 2, 3]) await customer.publishDeletion(customer_id, sequence);
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2, 3]);
      expect(await sequences(interaction, customer_id)).toEqual([]);
      await interaction.start();
      await expect.poll(() => sequences(interaction, customer_id), soon).toEqual([1, 2, 3]);
      expect(await sequences(favorites, customer_id)).toEqual([1, 2, 3]);
    });

    test('delivers events that were published while no relay was running', async ({ favorites, customer }) => {
      const customer_id = randomUUID();
      await customer.stop();
      await customer.publishDeletion(customer_id);
      expect((await customer.pending(customer_id)).length).toBeGreaterThan(0);
      customer.start();
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
    });

    test('ignores an event that is delivered again', async ({ interaction, favorites, customer }) => {
      const customer_id = randomUUID();
      await customer.stop();
      await customer.publishDeletion(customer_id);
      const rows = await customer.database
        .owner('outbox_deliveries')
        .where({ aggregate: `customer_id "${customer_id}"` })
        .whereNot({ subscriber: 'auth' }); // which this test does not run
      customer.start();
      await allConfirmed(customer, customer_id);
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
      // As if the relay had died between the delivery and deleting its row.
      await customer.database.owner('outbox_deliveries').insert(rows);
      await allConfirmed(customer, customer_id);
      const later = randomUUID();
      await customer.publishDeletion(later);
      for (const subscriber of [interaction, favorites]) {
        await expect.poll(() => sequences(subscriber, later), soon).toEqual([1]);
        expect(await sequences(subscriber, customer_id)).toEqual([1]);
      }
    });

    test('redelivers an event to a subscriber that stopped while handling it', async ({ favorites, customer }) => {
      const customer_id = randomUUID();
      favorites.failWith(() => {
        throw unavailable('not yet');
      });
      await customer.publishDeletion(customer_id);
      const attempts = () => favorites.offered.filter(({ data }) => data['customer_id'] === customer_id).length;
      await expect.poll(attempts, soon).toBeGreaterThan(0);
      await favorites.stop();
      favorites.failWith(() => {});
      await favorites.start();
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
    });

    test('stores no value of a failing event, whatever the error message contains', async ({
      favorites,
      customer,
      participants,
    }) => {
      const canary = `canary-${randomUUID()}`;
      const faults: ((tx: Tx) => unknown)[] = [
        async (tx) => {
          const row = { company_id: randomUUID(), subject_hash: canary };
          await tx('redacted_subjects').insert(row);
          await tx('redacted_subjects').insert(row);
        },
        (tx) => tx.raw('select ?::uuid', [canary]),
        () => JSON.parse(canary) as unknown,
        () => {
          throw Object.assign(new Error(`${canary} is not a URL`), { code: 'ERR_INVALID_URL' });
        },
      ];
      const poisons: string[] = faults.map(() => randomUUID());
      favorites.failWith(({ data }, tx) => faults[poisons.indexOf(data['customer_id'] as string)]?.(tx));
      for (const poison of poisons) await customer.publishDeletion(poison);
      const reasons = async () =>
        (await Promise.all(poisons.map((poison) => failures(participants, poison)))).flat().map(({ reason }) => reason);
      await expect
        .poll(reasons, soon)
        .toEqual(
          transport === 'HTTP'
            ? faults.map(() => 'responded 500')
            : [
                'database error 23505 redacted_subjects_pkey',
                'database error 22P02',
                'SyntaxError',
                'Error: ERR_INVALID_URL',
              ],
        );
      favorites.failWith(() => {});
      for (const subscriber of [customer, favorites])
        expect(await tablesContaining(subscriber.database.owner, canary)).toEqual([]);
    });

    test('delivers an event that commits after later ones were delivered', async ({
      interaction,
      favorites,
      customer,
    }) => {
      const [slow, fast] = [randomUUID(), randomUUID()];
      const open = await heldTransaction(customer.db());
      await publish(open, customerDeleted, origin, 1, { customer_id: slow, number: 1, hard: true });
      for (const sequence of upTo(30)) {
        await customer.publishDeletion(fast, sequence);
        await Promise.all([1, 2].map(() => customer.publishDeletion(randomUUID())));
      }
      await expect.poll(() => sequences(favorites, fast), soon).toEqual(upTo(30));
      await open.commit();
      await expect.poll(() => sequences(favorites, slow), soon).toEqual([1]);
      await expect.poll(() => sequences(interaction, slow), soon).toEqual([1]);
    });

    test('sends from one of two replicas, and from the other one when the leader stops or loses its lock', async ({
      favorites,
      customer,
    }) => {
      await customer.stop();
      const lockHolders = async () =>
        (
          await customer.database.owner.raw(
            `select a.pid from pg_locks l join pg_stat_activity a using (pid)
              where l.locktype = 'advisory' and l.granted and a.datname = current_database()`,
          )
        ).rows.map(({ pid }: { pid: number }) => pid);
      const first = customer.start();
      await expect.poll(lockHolders, soon).toHaveLength(1);
      const [leader] = await lockHolders();
      customer.start();
      const customer_id = randomUUID();
      await customer.publishDeletion(customer_id, 1);
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
      expect(await lockHolders()).toEqual([leader]);
      await customer.stop(first);
      await customer.publishDeletion(customer_id, 2);
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2]);
      expect(await lockHolders()).not.toContain(leader);
      await customer.database.cut(); // like a restart of PostgreSQL: the lock is lost with its connection
      await expect
        .poll(
          () =>
            customer.publishDeletion(customer_id, 3).then(
              () => true,
              () => false,
            ),
          soon,
        )
        .toBe(true);
      await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2, 3]);
      await expect.poll(lockHolders, soon).toHaveLength(1);
    });
  });
}
