import { randomUUID } from 'node:crypto';
import { customerDeleted, productCreated } from '@clientela/contracts';
import { connect, type Tx } from '@clientela/db';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { insertDeadLetter } from './dead-letters.ts';
import { outboxPoolOptions, publish, publishAll, resendFailed } from './index.ts';
import { startRelay, type Delivery, type Transport } from './relay.ts';
import { log, origin, retries } from './testing/events-test-kit.ts';
import { onDeliveriesCommitted } from './wake-relay.ts';

let database: TestDatabase;
/** One entry for each wake. */
let wakes: number[];
let stopWaking: () => void;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);

beforeAll(async () => {
  database = await testDatabase('customer', { pool: 3 });
  // Fails at COMMIT, and only there.
  await database.owner.raw(
    `create table parents (id int primary key);
     create table children (parent_id int references parents deferrable initially deferred);
     grant all on parents, children to public`,
  );
  process.on('unhandledRejection', onUnhandled);
});
afterAll(async () => {
  process.off('unhandledRejection', onUnhandled);
  await database.drop();
});
beforeEach(async () => {
  await database.owner('outbox_events').delete();
  wakes = [];
  stopWaking = onDeliveriesCommitted(database.db, () => wakes.push(wakes.length));
});
afterEach(() => stopWaking());

const publishDeletion = (tx: Tx) =>
  publish(tx, customerDeleted, origin, 1, { customer_id: randomUUID(), number: 1, hard: true });
const committedEvents = async () => (await database.owner('outbox_events').select('id')).length;
/** Lets settled promises run their callbacks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a commit', () => {
  test('wakes the relay once, after the events are visible, however many were published', async () => {
    let visible: Promise<number> | undefined;
    const stop = onDeliveriesCommitted(database.db, () => {
      visible = committedEvents();
    });
    await database.db.transaction(async (tx) => {
      await publishDeletion(tx);
      await publishDeletion(tx);
      await settle();
      expect(wakes).toEqual([]);
    });
    await settle();
    expect(wakes).toHaveLength(1);
    expect(await visible).toBe(2);
    stop();
  });

  test('wakes the loops of the subscribers alone, and costs the relay two statements', async () => {
    const statements: string[] = [];
    const db = connect(database.url, { pool: 4, onStatement: ({ sql }) => void statements.push(sql) });
    const sent: string[] = [];
    const transportOf = (subscriber: string): Transport => ({
      name: subscriber,
      system: 'local',
      subscriber,
      maxConcurrentAggregates: 1,
      send: async ({ envelope }) => {
        sent.push(`${envelope.name} to ${subscriber}`);
        return undefined;
      },
    });
    const relay = startRelay({
      db,
      url: database.url,
      service: 'customer',
      transports: ['auth', 'favorites', 'interaction'].map(transportOf),
      retries,
      log,
    });
    onTestFinished(async () => {
      await relay.stop(); // one that goes on would take the events of the next tests
      await db.destroy();
    });
    const polls = () => statements.filter((sql) => sql.includes('_deliveries(')).length;
    await expect.poll(polls).toBe(3);
    statements.length = 0;
    await db.transaction((tx) => publish(tx, productCreated, origin, 1, { product_id: randomUUID(), number: 1 }));
    await expect.poll(() => statements.some((sql) => sql.startsWith('select delete_deliveries('))).toBe(true);
    await settle();
    expect(sent).toEqual(['product.created to auth']);
    expect(polls()).toBe(2); // one finds the delivery, one deletes it
  });

  test('wakes no relay without deliveries, and none that has stopped', async () => {
    await database.db.transaction((tx) => tx.raw('select 1'));
    stopWaking();
    await database.db.transaction(publishDeletion);
    await settle();
    expect(wakes).toEqual([]);
  });

  test('wakes the relay from a transaction that is committed by hand', async () => {
    const tx = await database.db.transaction();
    await publishDeletion(tx);
    await tx.commit();
    await settle();
    expect(wakes).toHaveLength(1);
  });

  test('of resent deliveries and dead letters wakes the relay', async () => {
    await insertDeadLetter(
      database.db,
      {
        id: randomUUID(),
        name: 'customer.deleted',
        occurred_at: new Date().toISOString(),
        company_id: null,
        actor_id: '',
        request_id: '',
        sequence: 1,
        data: { customer_id: randomUUID() },
      },
      1,
      'failed',
    );
    await database.db.transaction((tx) => resendFailed(tx, 'customer'));
    await settle();
    expect(wakes).toHaveLength(1);
  });
});

test('the relay reads and deletes by index, also with plans that were made while the outbox was empty', async () => {
  await database.owner.raw('vacuum (analyze) outbox_deliveries, outbox_events');
  await database.owner.transaction(async (tx) => {
    await tx('outbox_events').insert({ id: origin.id, envelope: '{}' });
    await tx('outbox_deliveries').insert({ event_id: origin.id, subscriber: 'auth', aggregate: 'a' });
    const tables = ['outbox_deliveries', 'outbox_events'];
    const countScans = async () =>
      tx('pg_stat_xact_user_tables')
        .sum({ whole: 'seq_scan', by_index: 'idx_scan' })
        .whereIn('relname', tables)
        .first();
    const find = async (subscriber: string, isOther: boolean) =>
      (await tx.raw(`select * from find_deliveries(?, ?, '{}', 100)`, [subscriber, isOther])).rows.length;
    const before = await countScans(); // of the inserts, and of this session's earlier statements
    expect([await find('auth', false), await find('none', true), await find('auth', true)]).toEqual([1, 1, 0]);
    await tx.raw(`select delete_deliveries('auth', ?)`, [[origin.id]]);
    expect(await find('auth', false)).toBe(0);
    const after = await countScans();
    expect(after?.['whole']).toBe(before?.['whole']);
    expect(Number(after?.['by_index'])).toBeGreaterThan(Number(before?.['by_index']));
  });
});

describe('arrays of events', () => {
  /** Publishes events of as many customers, and starts a relay whose subscriber responds as the test says. */
  async function startSending(
    count: number,
    respond: { array?: (deliveries: readonly Delivery[]) => 'confirmed' | 'rejected'; alone?: Transport['send'] },
  ) {
    const payloads = Array.from({ length: count }, (_, sequence) => ({
      sequence,
      data: { customer_id: randomUUID(), number: 1, hard: true },
    }));
    await database.db.transaction((tx) => publishAll(tx, customerDeleted, origin, payloads));
    const ids: string[] = await database.owner('outbox_events').orderBy('id').pluck('id');
    /** Lengths of arrays; 0 for an event that was sent alone. */
    const calls: number[] = [];
    const confirmed: string[] = [];
    const relay = startRelay({
      db: database.db,
      url: database.url,
      service: 'customer',
      transports: [
        {
          name: 'favorites',
          system: 'http',
          subscriber: 'favorites',
          maxConcurrentAggregates: 1,
          sendArray: async (deliveries) => {
            calls.push(deliveries.length);
            const result = respond.array?.(deliveries) ?? 'confirmed';
            if (result === 'confirmed') confirmed.push(...deliveries.map(({ event_id }) => event_id));
            return result;
          },
          send: async (delivery, signal) => {
            calls.push(0);
            const reason = await respond.alone?.(delivery, signal);
            if (reason === undefined) confirmed.push(delivery.event_id);
            return reason;
          },
        },
      ],
      retries: { maxAttempts: 1, delay: () => 0 },
      log,
    });
    onTestFinished(() => relay.stop());
    const pending = async () =>
      (await database.owner('outbox_deliveries').where({ subscriber: 'favorites', failed_at: null })).length;
    return { ids, calls, confirmed, allSent: () => expect.poll(pending).toBe(0) };
  }

  test('are smaller after one that was not handled in time, until they succeed, as its first event finds the subscriber reachable', async () => {
    let failures = 0;
    const { ids, calls, confirmed, allSent } = await startSending(190, {
      array: () => {
        if (failures++ < 2) throw new Error('not in time');
        return 'confirmed';
      },
    });
    await allSent();
    expect(calls).toEqual([100, 0, 25, 0, 7, 14, 28, 49, 90]);
    expect(confirmed).toEqual(ids);
  });

  test.for([0, 13, 50, 99])(
    'find the event that is rejected, number %i of a hundred, in few calls',
    async (position) => {
      const isPoison = ({ envelope }: Delivery) => envelope.sequence === position;
      const { ids, calls, confirmed, allSent } = await startSending(100, {
        array: (deliveries) => (deliveries.some(isPoison) ? 'rejected' : 'confirmed'),
        alone: async (delivery) => (isPoison(delivery) ? 'responded 500' : undefined),
      });
      await allSent();
      expect(confirmed).toEqual(ids.toSpliced(position, 1));
      expect(calls.length).toBeLessThanOrEqual(20);
    },
  );

  test('that are all rejected, as by a service of the version before them, cost four calls', async () => {
    const { ids, calls, confirmed, allSent } = await startSending(100, { array: () => 'rejected' });
    await allSent();
    expect(calls).toEqual([100, 25, 7, 2, ...ids.map(() => 0)]);
    expect(confirmed).toEqual(ids);
  });

  test('to an unreachable subscriber end with the first event that is sent alone', async () => {
    const fail = () => {
      throw new Error('unreachable');
    };
    const { calls } = await startSending(100, { array: fail, alone: fail });
    await expect.poll(() => calls.length).toBeGreaterThanOrEqual(4);
    expect(calls.slice(0, 4)).toEqual([100, 0, 25, 0]); // each pair after a longer pause
  });
});

describe('a transaction that does not commit', () => {
  test('does not wake the relay when it is rolled back', async () => {
    const rolledBack = database.db.transaction(async (tx) => {
      await publishDeletion(tx);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await settle();
    expect([wakes, await committedEvents()]).toEqual([[], 0]);
  });

  test('does not wake the relay when COMMIT fails', async () => {
    const failed = database.db.transaction(async (tx) => {
      await publishDeletion(tx);
      await tx('children').insert({ parent_id: 1 });
    });
    await expect(failed).rejects.toMatchObject({ code: '23503' });
    await settle();
    expect([wakes, await committedEvents()]).toEqual([[], 0]);
  });

  test('does not wake the relay when its connection is lost before COMMIT', async () => {
    const lost = database.db.transaction(async (tx) => {
      await publishDeletion(tx);
      await database.cut();
    });
    await expect(lost).rejects.toThrow();
    await settle();
    expect(wakes).toEqual([]);
    await expect.poll(committedEvents).toBe(0);
  });
});

describe('a savepoint', () => {
  test('that is kept wakes the relay once, after the outer commit', async () => {
    await database.db.transaction(async (tx) => {
      await tx.transaction(async (savepoint) => {
        await savepoint.transaction(publishDeletion);
        await publishDeletion(savepoint);
      });
      await settle();
      expect(wakes).toEqual([]);
      await publishDeletion(tx);
    });
    await settle();
    expect([wakes, await committedEvents()]).toEqual([[0], 3]);
  });

  test('that is rolled back publishes nothing; the wake after the outer commit finds nothing', async () => {
    await database.db.transaction(async (tx) => {
      const rolledBack = tx.transaction(async (savepoint) => {
        await publishDeletion(savepoint);
        throw new Error('rolled back');
      });
      await expect(rolledBack).rejects.toThrow('rolled back');
    });
    await settle();
    expect([wakes, await committedEvents()]).toEqual([[0], 0]);
  });

  test('writes deliveries for the transport of its pool', async () => {
    const db = connect(database.url, outboxPoolOptions({ RABBITMQ_URL: 'amqp://broker' }));
    await db.transaction((tx) => tx.transaction(publishDeletion));
    await db.destroy();
    expect(await database.owner('outbox_deliveries').pluck('subscriber')).toEqual(['broker']);
  });

  test('that is kept does not wake the relay when the outer transaction is rolled back', async () => {
    const rolledBack = database.db.transaction(async (tx) => {
      await tx.transaction(publishDeletion);
      throw new Error('rolled back');
    });
    await expect(rolledBack).rejects.toThrow('rolled back');
    await settle();
    expect([wakes, await committedEvents()]).toEqual([[], 0]);
  });
});

test('none of these transactions leaves an unhandled rejection', async () => {
  await settle();
  expect(unhandled).toEqual([]);
});
