import { testDatabase } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { execute, executeLater, transactionWithin, type Db, type NamedStatement, type Tx } from './index.ts';
import { ids, insert, storedIds, undone } from './testing/inbox-rows.ts';

const [one, two, three] = ids;

const test = base
  .extend('ownDatabase', { scope: 'file' }, async ({}, { onCleanup }) => {
    const database = await testDatabase('product');
    onCleanup(() => database.drop());
    await database.db.transaction((tx) => execute(tx, insert, [one])); // prepares the statements of its only connection
    return database;
  })
  .extend('database', async ({ ownDatabase: { db, owner } }) => {
    await db('inbox_events').delete();
    await db.transaction(async (tx) => void (await tx.raw('select 1')));
    return { db, owner };
  });

test('a transaction begins with its first statement', async ({ database: { db, owner } }) => {
  const clock = async (on: Db, name: string) =>
    (await on.raw<{ rows: { at: string }[] }>(`select ${name}()::text as at`)).rows[0]?.at ?? '';
  await db.transaction(async (tx) => {
    const opened = await clock(owner, 'clock_timestamp');
    expect([await clock(tx, 'now'), opened].toSorted()[0]).toBe(opened);
  });
});

const firstStatements: Record<string, (tx: Tx) => Promise<unknown>> = {
  'a named one': (tx) => execute(tx, insert, [one]),
  'one of Knex': async (tx) => tx('inbox_events').insert({ event_id: one, name: 'x' }),
  'one without values': async (tx) => tx.raw(`insert into inbox_events (event_id, name) values ('${one}', 'x')`),
  'a text of several': async (tx) =>
    tx.raw(`select 1; insert into inbox_events (event_id, name) values ('${one}', 'x');`),
  'a savepoint': (tx) => tx.transaction((savepoint) => execute(savepoint, insert, [one])),
  'two at a time': (tx) => Promise.all([execute(tx, insert, [one]), tx('inbox_events').count()]),
};

test.for(Object.entries(firstStatements))(
  '%s as the first statement is part of the transaction',
  async ([, run], { database: { db } }) => {
    await expect(
      db.transaction(async (tx) => {
        await run(tx);
        throw undone;
      }),
    ).rejects.toBe(undone);
    expect(await storedIds(db)).toEqual([]);
    await db.transaction(run);
    expect(await storedIds(db)).toEqual([one]);
  },
);

test('a first statement that fails leaves the connection as it was', async ({ database: { db } }) => {
  await expect(db.transaction((tx) => execute(tx, insert, ['no id']))).rejects.toMatchObject({ code: '22P02' });
  await db.transaction((tx) => execute(tx, insert, [two]));
  expect(await storedIds(db)).toEqual([two]);
});

test('when BEGIN fails, no statement runs, and the pool gets another connection', async ({ database: { db } }) => {
  await db.raw('deallocate begin');
  await expect(
    db.transaction((tx) => Promise.all([execute(tx, insert, [one]), execute(tx, insert, [two])])),
  ).rejects.toThrow();
  expect(await storedIds(db)).toEqual([]);
  await db.transaction((tx) => execute(tx, insert, [two]));
  expect(await storedIds(db)).toEqual([two]);
});

test('a transaction without statements does nothing', async ({ database: { db } }) => {
  await db.transaction(async () => {});
  await expect(db.transaction(() => Promise.reject(undone))).rejects.toBe(undone);
  await execute(db, insert, [one]);
  expect(await storedIds(db)).toEqual([one]);
});

test('the time of a transaction limits its first statement too, and ends with it', async ({ database: { db } }) => {
  const within = (milliseconds: number, work: (tx: Tx) => Promise<unknown>) =>
    transactionWithin(db, () => milliseconds, work);
  const limit = async (tx: Db) =>
    (await tx.raw<{ rows: { statement_timeout: string }[] }>('show statement_timeout')).rows[0]?.statement_timeout;
  for (const milliseconds of [1234, 2345]) expect(await within(milliseconds, limit)).toBe(`${milliseconds}ms`);
  const sleep: NamedStatement = { name: 'sleep', text: 'select pg_sleep(10)' };
  await expect(within(20, (tx) => execute(tx, sleep))).rejects.toMatchObject({ code: '57014' });
  await expect(within(20, async (tx) => tx.raw('select 1; select pg_sleep(10)'))).rejects.toMatchObject({
    code: '57014',
  });
  expect(await limit(db)).toBe('5s');
});

const exists: NamedStatement = { name: 'find_id', text: 'select 1 as one from inbox_events where event_id = $1' };
const prepareInsert = (db: Db) =>
  db.transaction(async (tx) => {
    await execute(tx, insert, [two]);
    throw undone;
  });

const nextStatements: Record<string, (tx: Tx) => Promise<unknown>> = {
  'COMMIT alone': async () => {},
  'a named one': (tx) => execute(tx, exists, [one]),
  'one of Knex': async (tx) => tx('inbox_events').count(),
  'a text of several': async (tx) => tx.raw('select 1; select 2'),
  'another that waits': async (tx) => executeLater(tx, insert, [two]),
  'a savepoint that is undone': (tx) => tx.transaction(() => Promise.reject(undone)).catch(() => {}),
};

test.for(Object.entries(nextStatements))(
  'a statement that nobody waits for is executed with what follows: %s',
  async ([, follow], { database: { db } }) => {
    await prepareInsert(db).catch(() => {});
    const write = async (tx: Tx) => {
      await execute(tx, insert, [three]);
      executeLater(tx, insert, [one]);
      await follow(tx);
    };
    await db.transaction(write);
    expect(await storedIds(db)).toEqual(expect.arrayContaining([one, three]));
    await db('inbox_events').delete();
    const failing = db.transaction(async (tx) => {
      await write(tx);
      throw undone;
    });
    await expect(failing).rejects.toBe(undone);
    expect(await storedIds(db)).toEqual([]);
  },
);

test('a statement that nobody waits for is seen by the next one', async ({ database: { db } }) => {
  await prepareInsert(db).catch(() => {});
  await db.transaction(async (tx) => {
    executeLater(tx, insert, [one]);
    expect(await execute(tx, exists, [one])).toEqual([{ one: 1 }]);
  });
});

test('a statement that nobody waits for, in a savepoint that is undone, is undone with it', async ({
  database: { db },
}) => {
  await prepareInsert(db).catch(() => {});
  await db.transaction(async (tx) => {
    await execute(tx, insert, [two]);
    const failing = tx.transaction(async (savepoint) => {
      executeLater(savepoint, insert, [one]);
      throw undone;
    });
    await expect(failing).rejects.toBe(undone);
  });
  expect(await storedIds(db)).toEqual([two]);
});

/** Has the pool open a new connection, which has prepared nothing. */
async function replaceConnection(db: Db) {
  await db.raw('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
  await expect.poll(async () => db.raw('select 1').catch(() => {})).toBeDefined();
}

const followed: Record<string, (tx: Tx) => Promise<unknown>> = {
  'at the commit': async () => {},
  'before another one': async (tx) => tx('inbox_events').count(),
  'before a prepared one that nobody waits for': async (tx) => executeLater(tx, exists, [one]),
  'before a new one that nobody waits for': async (tx) => executeLater(tx, { ...exists, name: 'find_other' }, [one]),
};

for (const prepared of [true, false])
  test.for(Object.entries(followed))(
    `a ${prepared ? 'prepared' : 'new'} statement that nobody waits for fails the transaction with its own error, %s`,
    async ([, follow], { database: { db } }) => {
      await replaceConnection(db);
      if (prepared) await prepareInsert(db).catch(() => {});
      await execute(db, exists, [one]);
      const failing = db.transaction(async (tx) => {
        await tx('inbox_events').insert({ event_id: two, name: 'x' });
        executeLater(tx, insert, [two]);
        await follow(tx);
      });
      await expect(failing).rejects.toMatchObject({ code: '23505' });
      await db.transaction((tx) => execute(tx, insert, [one]));
      expect(await storedIds(db)).toEqual([one]);
    },
  );

test('a failure that is undone with its savepoint is not reported for a later one', async ({ database: { db } }) => {
  await replaceConnection(db);
  await db('inbox_events').insert({ event_id: two, name: 'x' });
  const failing = db.transaction(async (tx) => {
    const savepoint = tx.transaction(async (nested) => executeLater(nested, insert, [two]));
    await expect(savepoint).rejects.toThrow();
    await tx.raw('select 1');
    throw new Error('Connection terminated');
  });
  await expect(failing).rejects.toThrow('Connection terminated');
  expect(await storedIds(db)).toEqual([two]);
});

test('a failure is not reported for one that it cannot have caused', async ({ database: { db } }) => {
  await replaceConnection(db);
  const failing = db.transaction(async (tx) => {
    await tx('inbox_events').insert({ event_id: two, name: 'x' });
    executeLater(tx, insert, [two]);
    await tx.raw('select 1').catch(() => {});
    throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
  });
  await expect(failing).rejects.toMatchObject({ code: '40P01' });
});

test('a value that cannot be written fails its transaction, waited for or not, and the pool gets another connection', async ({
  database: { db },
}) => {
  const circular: { self?: object } = {};
  circular.self = circular;
  const name: NamedStatement = { name: 'name', text: 'select $1::text as name' };
  for (let time = 0; time < 2; time += 1) {
    await db.transaction(async (tx) => {
      executeLater(tx, name, ['a']);
      expect(await execute(tx, name, ['b'])).toEqual([{ name: 'b' }]);
    });
    const failing: ((tx: Tx) => Promise<unknown>)[] = [
      async (tx) => {
        executeLater(tx, name, [circular]);
        await execute(tx, name, ['b']);
      },
      async (tx) => executeLater(tx, name, [circular]),
      async (tx) => {
        executeLater(tx, name, ['a']);
        await execute(tx, name, [circular]);
      },
    ];
    for (const work of failing) await expect(db.transaction(work)).rejects.toThrow('circular');
  }
});
