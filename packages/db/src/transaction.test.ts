import { testDatabase } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { execute, type Tx } from './index.ts';
import { ids, insert, storedIds, undone } from './testing/inbox-rows.ts';

const [one, two, three, four] = ids;

const test = base
  .extend('ownDatabase', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await testDatabase('product'); // with a pool of one connection
    onCleanup(() => database.drop());
    return database;
  })
  .extend('db', async ({ ownDatabase: { db } }) => {
    await db('inbox_events').delete();
    return db;
  });

const row = (event_id: string) => ({ event_id, name: 'x' });
/** A statement that fails, which the code around it ignores. */
const failUnnoticed = (tx: Tx) => tx.raw('select 1 / 0').catch(() => {});

test('everything that Knex offers runs in the transaction, and returns the result of the work', async ({ db }) => {
  const write = async (tx: Tx) => {
    await execute(tx, insert, [one]);
    await tx('inbox_events').insert(row(two));
    await tx.insert(row(three)).into('inbox_events');
    await tx.raw('insert into ?? (event_id, name, processed_at) values (?, ?, ?)', [
      'inbox_events',
      four,
      'x',
      tx.fn.now(),
    ]);
    return tx('inbox_events').where({ event_id: one }).first<unknown>(tx.ref('event_id').as('stored'));
  };
  await expect(
    db.transaction(async (tx) => {
      await write(tx);
      throw undone;
    }),
  ).rejects.toBe(undone);
  expect(await storedIds(db)).toEqual([]);
  expect(await db.transaction(write)).toEqual({ stored: one });
  expect(await storedIds(db)).toEqual(ids);
});

test('a failed statement that nobody noticed is not reported as committed', async ({ db }) => {
  const ignoring = db.transaction(async (tx) => {
    await execute(tx, insert, [one]);
    await failUnnoticed(tx);
  });
  await expect(ignoring).rejects.toThrow('rolled back instead of committed');
  expect(await storedIds(db)).toEqual([]);
});

test('a savepoint undoes its own part only, however deep, and also when a failure in it was ignored', async ({
  db,
}) => {
  await db.transaction(async (tx) => {
    await execute(tx, insert, [one]);
    await tx.transaction(async (outer) => {
      await execute(outer, insert, [two]);
      const inner = outer.transaction(async (savepoint) => {
        await execute(savepoint, insert, [three]);
        throw undone;
      });
      await expect(inner).rejects.toBe(undone);
    });
    const ignoring = tx.transaction(async (savepoint) => {
      await execute(savepoint, insert, [four]);
      await failUnnoticed(savepoint);
    });
    await expect(ignoring).rejects.toMatchObject({ code: '25P02' });
  });
  expect(await storedIds(db)).toEqual([one, two]);
});

test('a transaction has one savepoint at a time, in each of which there may be others', async ({ db }) => {
  const both = db.transaction(async (tx) => {
    const first = tx.transaction(async (savepoint) => {
      await execute(savepoint, insert, [one]);
      await savepoint.transaction((inner) => execute(inner, insert, [two]));
    });
    await expect(tx.transaction((second) => execute(second, insert, [three]))).rejects.toThrow('an open savepoint');
    await first;
    await tx.transaction((next) => execute(next, insert, [four]));
  });
  await both;
  expect(await storedIds(db)).toEqual([one, two, four]);
});

test('a statement that starts while its transaction ends does not run outside it', async ({ db }) => {
  const late: Promise<unknown>[] = [];
  /** Starts a statement so many microtasks later. */
  const insertAfter = async (tx: Tx, ticks: number) => {
    for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
    await tx('inbox_events').insert(row(one));
  };
  for (let ticks = 0; ticks < 20; ticks += 1) {
    const failing = db.transaction(async (tx) => {
      await tx.raw('select 1');
      late.push(insertAfter(tx, ticks).catch(() => {}));
      throw undone;
    });
    await expect(failing).rejects.toBe(undone);
  }
  await Promise.all(late);
  expect(await storedIds(db)).toEqual([]);
});

test('no statement runs in a transaction or a savepoint that has ended', async ({ db }) => {
  const ended: Tx[] = [];
  await db.transaction(async (tx) => {
    await tx.transaction(async (savepoint) => void ended.push(savepoint));
    ended.push(tx);
  });
  await db
    .transaction(async (tx) => {
      await tx.transaction(async (savepoint) => {
        ended.push(savepoint);
        await savepoint.raw('select 1');
      });
      throw undone;
    })
    .catch(() => {});
  for (const tx of ended) {
    expect(tx.isCompleted()).toBe(true);
    for (const late of [
      () => execute(tx, insert, [one]),
      () => tx('inbox_events').insert(row(one)),
      () => tx.raw('select 1'),
      () => tx.transaction(async () => {}),
    ])
      await expect(late()).rejects.toThrow('The transaction has ended');
  }
  expect(await storedIds(db)).toEqual([]);
});

test('one that is opened by hand keeps its connection until it ends', async ({ db }) => {
  const reader = await db.transaction({ isolationLevel: 'repeatable read', readOnly: true });
  const mode = `select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as readonly`;
  expect((await reader.raw<{ rows: unknown[] }>(mode)).rows).toEqual([{ level: 'repeatable read', readonly: 'on' }]);
  await expect(execute(reader, insert, [one])).rejects.toMatchObject({ code: '25006' });
  await reader.rollback();
  await expect(reader.rollback()).rejects.toThrow('The transaction has ended');
  const writer = await db.transaction();
  await execute(writer, insert, [two]);
  await writer.commit();
  expect(await storedIds(db)).toEqual([two]);
});

test('a connection that is lost in a transaction is replaced, and the work gets the first failure', async ({ db }) => {
  const lost = db.transaction(async (tx) => {
    await execute(tx, insert, [one]);
    await tx.raw('select pg_terminate_backend(pg_backend_pid())');
  });
  await expect(lost).rejects.toMatchObject({ code: '57P01' });
  await db.transaction((tx) => execute(tx, insert, [two]));
  expect(await storedIds(db)).toEqual([two]);
});
