import { testDatabase } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { execute, executeLater, mapConstraintErrors, type NamedStatement, type Tx } from './index.ts';

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
