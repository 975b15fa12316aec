import { testDatabase } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import {
  afterCommit,
  execute,
  executeLast,
  executeLater,
  transactionWithin,
  type Db,
  type NamedStatement,
  type Tx,
} from './index.ts';
import { ids, insert, storedIds, undone } from './testing/inbox-rows.ts';

const [one, two] = ids;

/** Inserts an id, and ends its session for the name `lost`. */
const insertReturning: NamedStatement = {
  name: 'insert_returning',
  text: `insert into inbox_events (event_id, name) values ($1, $2)
    returning event_id, case when name = 'lost' then pg_terminate_backend(pg_backend_pid())::integer else length(name) end as length`,
};
const insertLast = (tx: Tx, id: string, name: unknown = 'name') =>
  executeLast<{ event_id: string; length: number }>(tx, insertReturning, [id, name]);

/** A transaction that COMMIT may be sent in with its last statement. */
const withLast = <R>(db: Db, work: (tx: Tx) => Promise<R>, limit = Infinity): Promise<R> =>
  transactionWithin(db, () => limit, work, { commitsWithLast: true });
const sessionOf = async (db: Db) =>
  (await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid')).rows[0]?.pid;

const test = base
  .extend('ownDatabase', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await testDatabase('product'); // with a pool of one connection
    onCleanup(() => database.drop());
    return database;
  })
  .extend('database', async ({ ownDatabase: { db, owner } }) => {
    await db('inbox_events').delete();
    const preparing = db.transaction(async (tx) => {
      await insertLast(tx, one);
      throw undone;
    });
    await preparing.catch(() => {});
    return { db, owner };
  });

test('COMMIT is sent with the last statement, which returns its rows', async ({ database: { db, owner } }) => {
  let commits = 0;
  const rows = await withLast(db, async (tx) => {
    await execute(tx, insert, [two]);
    const inserted = await insertLast(tx, one);
    expect(await storedIds(owner)).toEqual([one, two]);
    afterCommit(tx, () => (commits += 1));
    expect(commits).toBe(0);
    return inserted;
  });
  expect(rows).toEqual([{ event_id: one, length: 4 }]);
  expect([await storedIds(db), commits]).toEqual([[one, two], 1]);
});

test('a connection that has yet to prepare the statement ends the transaction too', async ({
  database: { db, owner },
}) => {
  const other = { ...insertReturning, name: 'insert_unprepared' };
  await withLast(db, async (tx) => {
    expect(await executeLast(tx, other, [one, 'name'])).toEqual([{ event_id: one, length: 4 }]);
    expect([tx.isCompleted(), await storedIds(owner)]).toEqual([true, [one]]);
  });
  const unprepared = withLast(db, (tx) => executeLast(tx, { ...other, name: 'insert_twice' }, [one, 'name']));
  await expect(unprepared).rejects.toMatchObject({ code: '23505' });
});

const otherTransactions: Record<string, (db: Db, work: (tx: Tx) => Promise<unknown>) => Promise<unknown>> = {
  'one that may go on': (db, work) => db.transaction(work),
  'a savepoint': (db, work) => withLast(db, (tx) => tx.transaction(work)),
};
test.for(Object.entries(otherTransactions))('%s does not end with it', async ([, run], { database: { db, owner } }) => {
  const failing = run(db, async (tx) => {
    await insertLast(tx, one);
    await execute(tx, insert, [two]);
    expect(await storedIds(owner)).toEqual([]);
    throw undone;
  });
  await expect(failing).rejects.toBe(undone);
  expect(await storedIds(db)).toEqual([]);
});

test('nothing runs in the transaction after it, and what fails then does not undo it', async ({ database: { db } }) => {
  let commits = 0;
  const late = withLast(db, async (tx) => {
    afterCommit(tx, () => (commits += 1));
    await insertLast(tx, one);
    expect(tx.isCompleted()).toBe(true);
    await execute(tx, insert, [two]);
  });
  await expect(late).rejects.toThrow('The transaction has ended');
  expect([await storedIds(db), commits]).toEqual([[one], 1]);
});

test('statements that nobody waits for are sent before it, and fail it', async ({ database: { db } }) => {
  const withLater = (id: string) =>
    withLast(db, async (tx) => {
      executeLater(tx, insert, [id]);
      return insertLast(tx, one);
    });
  await db.transaction((tx) => execute(tx, insert, [two])); // prepares it
  await expect(withLater(two)).rejects.toMatchObject({ code: '23505' });
  expect(await storedIds(db)).toEqual([two]);
  await db('inbox_events').delete();
  await db.transaction((tx) => execute(tx, insert, [two])); // on a new connection
  await db('inbox_events').delete();
  expect(await withLater(two)).toEqual([{ event_id: one, length: 4 }]);
  expect(await storedIds(db)).toEqual([one, two]);
});

test('one that was prepared before a migration fails once', async ({ database: { db, owner } }) => {
  const all: NamedStatement = { name: 'all_processed', text: 'select * from inbox_events' };
  const list = () => withLast(db, (tx) => executeLast(tx, all, []));
  expect([await list(), await list()]).toEqual([[], []]);
  await owner.schema.alterTable('inbox_events', (table) => table.integer('added'));
  await expect(list()).rejects.toMatchObject({ code: '0A000' });
  expect(await list()).toEqual([]);
  await owner.schema.alterTable('inbox_events', (table) => table.dropColumn('added'));
});

/** Executes it in a transaction that has stored an id before. */
const failLast = (db: Db, ...values: Parameters<typeof insertLast> extends [Tx, ...infer Rest] ? Rest : never) =>
  withLast(db, async (tx) => {
    await execute(tx, insert, [two]);
    return insertLast(tx, ...values);
  });

test('when the server rejects it, nothing is stored, and the connection is used again', async ({
  database: { db },
}) => {
  const session = await sessionOf(db);
  await expect(failLast(db, two)).rejects.toMatchObject({ code: '23505', constraint: 'inbox_events_pkey' });
  await expect(failLast(db, one, null)).rejects.toMatchObject({ code: '23502' });
  expect(await storedIds(db)).toEqual([]);
  await withLast(db, (tx) => insertLast(tx, one));
  expect([await storedIds(db), await sessionOf(db)]).toEqual([[one], session]);
});

test('a failure that the work ignores is not reported as committed', async ({ database: { db } }) => {
  const ignoring = withLast(db, async (tx) => {
    await execute(tx, insert, [two]);
    await insertLast(tx, two).catch(() => {});
  });
  await expect(ignoring).rejects.toThrow('rolled back instead of committed');
  expect(await storedIds(db)).toEqual([]);
});

test(
  'a value that cannot be written fails the transaction at once',
  { timeout: 3000 },
  async ({ database: { db } }) => {
    const unwritable = {
      toPostgres: () => {
        throw undone;
      },
    };
    const session = await sessionOf(db);
    await expect(failLast(db, one, unwritable)).rejects.toBe(undone);
    expect(await storedIds(db)).toEqual([]);
    expect(await sessionOf(db)).not.toBe(session); // which has an open group of messages
    const unprepared = withLast(db, async (tx) => {
      await execute(tx, insert, [two]);
      return executeLast(tx, { ...insertReturning, name: 'insert_unwritable' }, [one, unwritable]);
    });
    await expect(unprepared).rejects.toBe(undone);
    expect(await storedIds(db)).toEqual([]);
    await withLast(db, (tx) => insertLast(tx, one));
    expect(await storedIds(db)).toEqual([one]);
  },
);

test('the time of the transaction limits it', async ({ database: { db, owner } }) => {
  await owner.transaction(async (tx) => {
    await tx.raw('lock table inbox_events in share mode');
    await expect(withLast(db, (last) => insertLast(last, one), 50)).rejects.toMatchObject({ code: '57014' });
  });
  expect(await storedIds(db)).toEqual([]);
});

test('a connection that is lost before the response is a failure', async ({ database: { db } }) => {
  await expect(failLast(db, one, 'lost')).rejects.toMatchObject({ code: '57P01' });
  await withLast(db, (tx) => insertLast(tx, one));
  expect(await storedIds(db)).toEqual([one]);
});
