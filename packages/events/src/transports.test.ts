import { randomUUID } from 'node:crypto';
import { customerDeleted, type Service } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { unavailable } from '@clientela/errors';
import { runAndEnd, startTrace, startTracing, type Span } from '@clientela/runtime';
import { otlpReceiver, sharedBroker, tablesContaining, testExchange, testTraceSettings } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { publish, publishAll } from './index.ts';
import {
  failures,
  log,
  origin,
  resend,
  testPublisher,
  testSubscriber,
  type Settings,
  type TestPublisher,
  type TestSubscriber,
} from './testing/events-test-kit.ts';

const soon = { timeout: 45_000, interval: 50 };
const upTo = (to: number) => Array.from({ length: to }, (_, at) => at + 1);

describe.each(['HTTP', 'RabbitMQ'] as const)('over %s', (transport) => {
  let settings: Settings;
  let interaction: TestSubscriber;
  let favorites: TestSubscriber;
  let customer: TestPublisher;
  let participants: [Service, TestSubscriber | TestPublisher][];

  beforeAll(async () => {
    settings = {
      RABBITMQ_EXCHANGE: testExchange(),
      ...(transport === 'RabbitMQ' && { RABBITMQ_URL: await sharedBroker() }),
    };
    [interaction, favorites] = await Promise.all([
      testSubscriber('interaction', settings),
      testSubscriber('favorites', settings),
    ]);
    customer = await testPublisher([interaction, favorites], settings);
    customer.start();
    participants = [
      ['customer', customer],
      ['interaction', interaction],
      ['favorites', favorites],
    ];
  }, 120_000);
  afterAll(async () => {
    await customer.close();
    await Promise.all([interaction.close(), favorites.close()]);
  });
  beforeEach(() => {
    for (const subscriber of [interaction, favorites]) subscriber.failWith(() => {});
  });

  const sequences = async (subscriber: TestSubscriber, customer_id: string) =>
    (await subscriber.effects(customer_id)).map(({ sequence }) => sequence);
  const allConfirmed = (customer_id: string) => expect.poll(() => customer.pending(customer_id), soon).toEqual([]);

  test('delivers a committed event once to each subscriber, with its full envelope, and deletes the deliveries', async () => {
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
    await allConfirmed(customer_id);
  });

  test('traces a delivery below the publisher’s span, and each handler in the same trace, linked and without a parent', async () => {
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

  test('never sends an event of a rolled-back transaction', async () => {
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

  test('delivers a batch of many aggregates once and in order, through deliveries of this transport only', async () => {
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
      await allConfirmed(id);
    }
  });

  test('handles a backlog in few transactions, with a poison message in it, and keeps the order of each record', async () => {
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

  test('keeps the order within an aggregate while other aggregates are delivered and retried', async () => {
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

  test('delivers to other subscribers while one is down, and catches up in order when it is back', async () => {
    const customer_id = randomUUID();
    await interaction.stop();
    for (const sequence of [1, 2, 3]) await customer.publishDeletion(customer_id, sequence);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1, 2, 3]);
    expect(await sequences(interaction, customer_id)).toEqual([]);
    await interaction.start();
    await expect.poll(() => sequences(interaction, customer_id), soon).toEqual([1, 2, 3]);
    expect(await sequences(favorites, customer_id)).toEqual([1, 2, 3]);
  });

  test('delivers events that were published while no relay was running', async () => {
    const customer_id = randomUUID();
    await customer.stop();
    await customer.publishDeletion(customer_id);
    expect((await customer.pending(customer_id)).length).toBeGreaterThan(0);
    customer.start();
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
  });

  test('ignores an event that is delivered again', async () => {
    const customer_id = randomUUID();
    await customer.stop();
    await customer.publishDeletion(customer_id);
    const rows = await customer.database
      .owner('outbox_deliveries')
      .where({ aggregate: `customer_id "${customer_id}"` })
      .whereNot({ subscriber: 'auth' }); // which this test does not run
    customer.start();
    await allConfirmed(customer_id);
    await expect.poll(() => sequences(favorites, customer_id), soon).toEqual([1]);
    // As if the relay had died between the delivery and deleting its row.
    await customer.database.owner('outbox_deliveries').insert(rows);
    await allConfirmed(customer_id);
    const later = randomUUID();
    await customer.publishDeletion(later);
    for (const subscriber of [interaction, favorites]) {
      await expect.poll(() => sequences(subscriber, later), soon).toEqual([1]);
      expect(await sequences(subscriber, customer_id)).toEqual([1]);
    }
  });

  test('rolls back and retries a failing handler, and blocks only its own aggregate', async () => {
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

  test('redelivers an event to a subscriber that stopped while handling it', async () => {
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

  test('stores a poison message as a failed event with its reason while others are delivered, and resends it', async () => {
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

  test('stores no value of a failing event, whatever the error message contains', async () => {
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

  test('delivers an event that commits after later ones were delivered', async () => {
    const [slow, fast] = [randomUUID(), randomUUID()];
    const open = await customer.db().transaction();
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

  test('sends from one of two replicas, and from the other one when the leader stops or loses its lock', async () => {
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

describe.each(['from HTTP to RabbitMQ', 'from RabbitMQ to HTTP'])('changing the transport %s', (change) => {
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
