import { createLog, runAndEnd, startTrace, startTracing, type Span } from '@clientela/runtime';
import { otlpReceiver, testDatabase, testTraceSettings } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import {
  asUnavailable,
  connect,
  execute,
  executeLater,
  lookUp,
  mapConstraintErrors,
  type NamedStatement,
  type Tx,
} from './index.ts';

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('product');
  onCleanup(() => database.drop());

  return database;
});

const insert: NamedStatement = {
  name: 'insert_processed',
  text: `insert into inbox_events (event_id, name) select id, 'x' from unnest($1::uuid[]) as id returning event_id, processed_at`,
};
const count: NamedStatement = { name: 'count_processed', text: 'select count(*) as rows from inbox_events' };
const ids = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];

test('a named statement is prepared once, runs on the pool or in the transaction, and has the types of Knex', async ({
  database: { db },
}) => {
  await expect(
    db.transaction(async (tx) => {
      expect(await execute(tx, insert, [ids])).toEqual(
        ids.map((event_id) => ({ event_id, processed_at: expect.stringMatching(/T.*Z$/) })),
      );
      expect(await execute(tx, count)).toEqual([{ rows: 2 }]);
      await tx.transaction((savepoint) => execute(savepoint, count));
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  expect(await execute(db, count)).toEqual([{ rows: 0 }]); // of the pool's only connection
  const { rows } = await db.raw<{ rows: { name: string }[] }>('select name from pg_prepared_statements order by name');
  expect(rows.map(({ name }) => name)).toEqual(['begin', 'count_processed', 'insert_processed']);
});

test('returns the same columns at each execution, alone and after statements that nobody waits for', async ({
  database: { db },
}) => {
  const values: NamedStatement = {
    name: 'values_of_types',
    text: `select event_id, name, null::int as missing, 7::bigint as number, true as flag, '{a,b}'::text[] as list,
      '{"a":1}'::jsonb as object, '2026-01-02 03:04:05.678+00'::timestamptz as at from inbox_events where name = any($1) order by event_id`,
  };
  const expected = ids.map((event_id) => ({
    event_id,
    name: 'x',
    missing: null,
    number: 7,
    flag: true,
    list: ['a', 'b'],
    object: { a: 1 },
    at: '2026-01-02T03:04:05.678Z',
  }));
  const find = (tx: Tx) => execute(tx, values, [['x']]);
  await db.transaction(async (tx) => {
    executeLater(tx, insert, [ids]);
    for (let time = 0; time < 3; time += 1) expect(await find(tx)).toEqual(expected);
    executeLater(tx, count, []);
    expect(await find(tx)).toEqual(expected);
    expect(await execute(tx, values, [['none']])).toEqual([]);
    const row = (await find(tx))[0] as Record<string, unknown>;
    row['name'] = 'changed by its reader';
    expect(await find(tx)).toEqual(expected);
  });
  await expect(execute(db, insert, [ids])).rejects.toMatchObject({ code: '23505' });
  expect(await find(db as Tx)).toEqual(expected);
  await db('inbox_events').delete();
});

test('reports the violated constraint, and rejects a transaction that has ended', async ({ database: { db } }) => {
  const taken = new Error('taken');
  const failed = mapConstraintErrors(execute(db, insert, [[ids[0], ids[0]]]), {
    inbox_events_pkey: () => taken as never,
  });
  await expect(failed).rejects.toBe(taken);
  const tx = await db.transaction();
  await tx.commit();
  await expect(execute(tx, count)).rejects.toThrow('The transaction has ended');
});

test('a statement that was prepared before a migration fails once, then runs on another connection', async ({
  database: { db, owner },
}) => {
  const all: NamedStatement = { name: 'all_processed', text: 'select * from inbox_events' };
  expect(await execute(db, all)).toEqual([]);
  await owner.schema.alterTable('inbox_events', (table) => table.integer('added'));
  await expect(execute(db, all)).rejects.toMatchObject({ code: '0A000' });
  expect(await execute(db, all)).toEqual([]);
  await owner.schema.alterTable('inbox_events', (table) => table.dropColumn('added'));
  await expect(db.transaction((tx) => execute(tx, all))).rejects.toMatchObject({ code: '0A000' });
  expect(await execute(db, all)).toEqual([]);
});

test('never writes null for an undefined value', async ({ database: { db } }) => {
  await expect(execute(db, insert, [undefined])).rejects.toThrow('insert_processed: a value is undefined');
});

describe('look-ups of one turn of the event loop on a pool', () => {
  const divide: NamedStatement = {
    name: 'divide',
    text: 'select pg_backend_pid() as pid, $1::int / $2::int as quotient',
  };
  const sleep: NamedStatement = { name: 'sleep', text: 'select pg_backend_pid() as pid, pg_sleep($1)' };
  type Row = { pid: number; quotient: number };
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the fixture's dependencies from the pattern: none
  const test = base.extend('pool', async ({}, { onCleanup }) => {
    const database = await testDatabase('product');
    const db = connect(database.url, { pool: 3, statementTimeout: 1500 });
    onCleanup(async () => {
      await db.destroy();
      await database.drop();
    });
    return { db, owner: database.owner };
  });
  const settle = async (lookUps: Promise<unknown>[]) =>
    (await Promise.allSettled(lookUps)).map((each) =>
      each.status === 'fulfilled' ? each.value : (asUnavailable(each.reason) ?? each.reason),
    );
  const unavailable = expect.objectContaining({ kind: 'unavailable' });

  test('share connections, eight each, and return each its own rows', async ({ pool: { db } }) => {
    for (let time = 0; time < 2; time += 1) {
      const rows = await Promise.all(Array.from({ length: 20 }, (_, n) => lookUp<Row>(db, divide, [n, 1])));
      expect(rows.map(([row]) => row?.quotient)).toEqual(Array.from({ length: 20 }, (_, n) => n));
      const pids = rows.map(([row]) => row?.pid);
      expect([pids.slice(0, 8), pids.slice(8, 16), pids.slice(16)].map((shared) => new Set(shared).size)).toEqual([
        1, 1, 1,
      ]);
    }
    const open = await Promise.all([1, 2, 3].map(() => db.transaction())); // the pool has all its connections now
    await Promise.all(open.map((tx) => tx.rollback()));
    const rows = await Promise.all(Array.from({ length: 17 }, () => lookUp<Row>(db, sleep, [0.02])));
    expect(new Set(rows.map(([row]) => row?.pid)).size).toBe(3); // others do not wait for the eight
  });

  test('fail alone, and keep what the others did', async ({ pool: { db } }) => {
    const circular: object[] = [];
    circular.push(circular);
    const all = () =>
      settle([
        lookUp(db, insert, [[ids[0]]]),
        lookUp(db, divide, [1, 0]),
        lookUp(db, divide, [1, { circular }]),
        lookUp(db, insert, [[ids[1]]]),
        lookUp(db, divide, [4, 2]),
      ]);
    const failed = (reason: object) => expect.objectContaining(reason);
    const others = [failed({ code: '22012' }), failed({ message: expect.stringContaining('circular') })];
    const divided = [expect.objectContaining({ quotient: 2 })];
    const inserted = (id: string | undefined) => [expect.objectContaining({ event_id: id })];
    expect(await all()).toEqual([inserted(ids[0]), ...others, inserted(ids[1]), divided]);
    expect(await lookUp(db, count, [])).toEqual([{ rows: 2 }]);
    expect(await all()).toEqual([failed({ code: '23505' }), ...others, failed({ code: '23505' }), divided]);
  });

  test('report each why the server cannot prepare their statement', async ({ pool: { db } }) => {
    const wrong: NamedStatement = { name: 'wrong', text: 'select $1::int from nothing' };
    const failures = await settle([1, 2, 3].map((n) => lookUp(db, wrong, [n])));
    expect(failures).toMatchObject([{ code: '42P01' }, { code: '42P01' }, { code: '42P01' }]);
  });

  test('may take longer together than a hung server', async ({ pool: { db } }) => {
    await lookUp(db, sleep, [0]);
    const rows = await Promise.all(Array.from({ length: 8 }, () => lookUp<Row>(db, sleep, [0.4]))); // 3.2 s; one is hung after 2.5 s
    expect(new Set(rows.map(([row]) => row?.pid)).size).toBe(1);
  });

  test('do not wait one after the other for a table that is locked', async ({ pool: { db, owner } }) => {
    const three = () => settle([1, 2, 3].map(() => lookUp(db, count, [])));
    expect(await three()).toEqual([[{ rows: 0 }], [{ rows: 0 }], [{ rows: 0 }]]);
    await owner.transaction(async (tx) => {
      await tx.raw('lock table inbox_events');
      const [first, ...others] = await three();
      expect(first).toMatchObject({ kind: 'unavailable', cause: { code: '55P03' } });
      expect(others).toEqual([unavailable, unavailable]);
      for (const { cause } of others as Error[]) expect(cause).not.toHaveProperty('code');
    });
    expect(await three()).toEqual([[{ rows: 0 }], [{ rows: 0 }], [{ rows: 0 }]]);
  });

  test('fail together when their connection is lost or none is free, and the next one gets another', async ({
    pool: { db },
  }) => {
    const end: NamedStatement = { name: 'end', text: 'select pg_terminate_backend(pg_backend_pid())' };
    const divideBy2 = (n: number) => lookUp(db, divide, [n, 2]);
    await divideBy2(2);
    const divided = (quotient: number) => [expect.objectContaining({ quotient })];
    expect(await settle([divideBy2(4), lookUp(db, end, []), divideBy2(6)])).toEqual([
      divided(2),
      unavailable,
      unavailable,
    ]);
    expect(await divideBy2(8)).toEqual(divided(4));
    const open = await Promise.all([1, 2, 3].map(() => db.transaction()));
    await Promise.all(open.map((tx) => execute(tx, count)));
    expect(await settle([divideBy2(2), divideBy2(4)])).toEqual([unavailable, unavailable]);
    await Promise.all(open.map((tx) => tx.rollback()));
    expect(await divideBy2(10)).toEqual(divided(5));
  });
});

test('look-ups that share a connection belong to the trace of their own request, each from when the server could begin', async ({
  database: { db },
}) => {
  const receiver = await otlpReceiver();
  const stop = await startTracing('db', testTraceSettings(receiver.url), createLog('db', 'error', { redact: [] }));
  const requests = ['first', 'second', 'third'].map((name) => startTrace(name, 'server', {}) as Span);
  const sleep: NamedStatement = { name: 'sleep', text: 'select pg_sleep(0.2)' };
  await lookUp(db, sleep, []);
  await Promise.all(requests.map((request) => runAndEnd(request, () => lookUp(db, sleep, []))));
  await stop();
  const spans = receiver.spans.filter(({ name }) => name === sleep.name);
  expect(spans.map(({ parentId }) => parentId)).toEqual(requests.map(({ id }) => id));
  const [first = 0, second = 0, third = 0] = spans.map(({ start }) => start);
  expect(Math.min(second - first, third - second)).toBeGreaterThan(100); // milliseconds, of the 200 that each sleeps
  await receiver.close();
});
