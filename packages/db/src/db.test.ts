import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  connect,
  asUnavailable,
  isUuid,
  containsPattern,
  migrate,
  newId,
  paginate,
  provision,
  normalizeForSearch,
  deletionKeys,
  isWithinOneEdit,
  type Db,
  type Provisioned,
} from './index.ts';

describe('migrations', () => {
  let target: Provisioned;
  let folder: string;
  let app: Db;

  beforeEach(async () => {
    const name = `migrations_${randomBytes(4).toString('hex')}`;
    target = await provision(inject('postgres'), name, { owner: 'o', app: 'a' }, { own_server: true });
    folder = mkdtempSync(join(tmpdir(), 'migrations-'));
    app = connect(target.url, { pool: 1 });
  });
  afterEach(async () => {
    await app.destroy();
    rmSync(folder, { recursive: true });
  });
  const write = (file: string, sql: string) => writeFileSync(join(folder, file), sql);
  const run = () => migrate({ ...target, folders: [folder] });

  test('run once each, in order, as they are written', async () => {
    write('0001_a.sql', `create table a (id int primary key, why text default 'why?'); insert into a (id) values (1);`);
    expect(await run()).toEqual(['0001_a.sql']);
    write('0002_b.sql', 'alter table a add column more int not null default 7;');
    expect(await run()).toEqual(['0002_b.sql']);
    expect(await run()).toEqual([]);
    expect(await app('a').select()).toEqual([{ id: 1, why: 'why?', more: 7 }]);
  });

  test('run once when several processes start at once', async () => {
    write('0001_a.sql', 'create table a (id int); insert into a values (1); select pg_sleep(0.2);');
    const ran = await Promise.all([run(), run(), run()]);
    expect(ran.flat()).toEqual(['0001_a.sql']);
    expect(await app('a').select()).toEqual([{ id: 1 }]);
  });

  test('leave nothing half done, and go on after a killed run', async () => {
    write('0001_a.sql', 'create table a (id int);');
    write('0002_b.sql', 'create table b (id int); select 1 / 0;');
    await expect(run()).rejects.toThrow('division by zero');
    const owner = connect(target.owner_url, { pool: 1 });
    // A run that is killed leaves this row behind.
    await owner('migrations.done_lock').update({ is_locked: 1 });
    await owner.destroy();
    write('0002_b.sql', 'create table b (id int);');
    await run();
    expect(await app('b').select()).toEqual([]);
  });

  test('may hold one statement that runs outside a transaction', async () => {
    write('0001_a.sql', 'create table a (id int);');
    write('0002_index.sql', '-- no-transaction\ncreate index concurrently if not exists a_id on a (id);');
    expect(await run()).toEqual(['0001_a.sql', '0002_index.sql']);
  });

  test('reject a database with a migration that no file has, before any change', async () => {
    write('0001_a.sql', 'create table a (id int);');
    await run();
    const owner = connect(target.owner_url, { pool: 1 });
    const catalog = async () =>
      (
        await owner.raw(
          `select (select array_agg(name order by id) from migrations.done) as done,
                  (select array_agg(relname::text || relnamespace order by oid) from pg_class) as relations,
                  (select array_agg(defaclacl::text order by oid) from pg_default_acl) as defaults,
                  (select array_agg(nspname || nspacl::text order by oid) from pg_namespace) as schemas`,
        )
      ).rows;
    // A run that got further would grant this again.
    await owner.raw('alter default privileges in schema public revoke delete on tables from ??', [target.app_role]);
    const before = await catalog();
    rmSync(join(folder, '0001_a.sql'));
    write('0001_baseline.sql', 'create table b (id int);');
    await expect(run()).rejects.toThrow(
      /^Database migrations_\w+ was created by another development version \(it has the unknown migration 0001_a\.sql\) and was left unchanged: start this version with an empty data folder or empty databases$/,
    );
    expect(await catalog()).toEqual(before);
    await owner.destroy();
  });

  test('comment bare technical columns, and no others', async () => {
    write(
      '0001_a.sql',
      `create table a (id int, "Name" text, at timestamptz); select migrations.comment_technical('a', 'id', 'Name');`,
    );
    await run();
    const { rows } = await app.raw(
      `select attname as name, col_description(attrelid, attnum) as comment
         from pg_attribute where attrelid = 'a'::regclass and attnum > 0 order by attnum`,
    );
    expect(rows).toEqual([
      { name: 'id', comment: 'technical' },
      { name: 'Name', comment: 'technical' },
      { name: 'at', comment: null },
    ]);
  });

  test('wait for a lock that a running program holds', async () => {
    write('0001_a.sql', 'create table a (id int);');
    await run();
    const reader = await app.transaction();
    await reader('a').select();
    write('0002_b.sql', 'alter table a add column b int;');
    const running = run();
    setTimeout(() => void reader.commit(), 2500);
    expect(await running).toEqual(['0002_b.sql']);
  });

  test('give the app role rows, and nothing more', async () => {
    write('0001_a.sql', 'create table a (id int);');
    await run();
    await app('a').insert({ id: 1 });
    for (const sql of [
      'create table x (id int)',
      'drop table a',
      'alter table a add column b int',
      'truncate a',
      'create schema x',
      'select * from migrations.done',
    ]) {
      await expect(app.raw(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('both roles reach their own database alone', async () => {
    const other = await provision(
      inject('postgres'),
      `other_${randomBytes(4).toString('hex')}`,
      { owner: 'o', app: 'a' },
      { own_server: true },
    );
    for (const url of [target.url, target.owner_url]) {
      for (const database of [new URL(other.url).pathname, '/postgres', '/template1']) {
        const elsewhere = new URL(url);
        elsewhere.pathname = database;
        const db = connect(elsewhere.href);
        await expect(db.raw('select 1'), elsewhere.pathname).rejects.toMatchObject({ code: '42501' });
        await db.destroy();
      }
    }
  });
});

describe('a connection', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase('product');
  });
  afterAll(() => database.drop());

  test('speaks the wire’s spelling: instants, dates, whole numbers, money', async () => {
    const { rows } = await database.db.raw(
      `select '2026-11-21 10:00:00+02'::timestamptz as at, '2026-02-28'::date as day, 9007199254740991::bigint as number, 12.5::numeric(9,2) as money, null::timestamptz as never`,
    );
    expect(rows[0]).toEqual({
      at: '2026-11-21T08:00:00.000Z',
      day: '2026-02-28',
      number: 9_007_199_254_740_991,
      money: '12.50',
      never: null,
    });
  });

  test('ends a statement that takes too long, and a wait for a lock or a connection, as a 503', async () => {
    const { rows } = await database.db.raw(
      `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') order by name`,
    );
    expect(rows.map(({ setting }: { setting: string }) => setting)).toEqual(['10000', '1000', '5000']);
    const failure = (promise: PromiseLike<unknown>) =>
      Promise.resolve(promise).then(
        () => undefined,
        (error: unknown) => asUnavailable(error)?.kind,
      );
    expect(await failure(database.db.raw(`set local statement_timeout = 10; select pg_sleep(1)`))).toBe('unavailable');

    const holder = await database.db.transaction();
    const begun = Date.now();
    expect(await failure(database.db.raw('select 1'))).toBe('unavailable');
    expect(Date.now() - begun).toBeLessThan(4000);
    await holder.rollback();

    const nobody = connect('postgresql://a:b@127.0.0.1:1/nothing');
    expect(await failure(nobody.raw('select 1'))).toBe('unavailable');
    await nobody.destroy();
    expect(await failure(database.db.raw('select nonsense'))).toBeUndefined();
  });

  test('a page has its rows, ties by id, and a total that is exact up to 10,000', async () => {
    await database.owner.raw('create table rows (id int primary key, tie int, at int)');
    await database.owner.raw('insert into rows select n, n % 3, n from generate_series(1, 10050) n');
    await database.owner.raw('analyze rows');
    const ask = (number: number, filtered = false, column = 'at') =>
      paginate<{ id: number }>(
        database.db('rows'),
        ['id'],
        { page: number, per_page: 3, sort: [{ column, descending: true }] },
        { filtered },
      );
    await database.owner.raw('grant select on rows to public');
    expect(await ask(1)).toEqual({
      rows: [{ id: 10_050 }, { id: 10_049 }, { id: 10_048 }],
      total: 10_050,
      page: 1,
      pages: 3350,
      per_page: 3,
    });
    expect((await ask(3351)).rows).toEqual([]);
    expect((await ask(1, false, 'tie')).rows.map(({ id }) => id)).toEqual([10_049, 10_046, 10_043]);
    expect(await ask(1, true)).toMatchObject({ total: expect.any(Number), total_is_estimate: true });
  });
});

describe('words', () => {
  test('ids are UUIDv7 and grow', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.every((id) => isUuid(id) && id[14] === '7')).toBe(true);
  });

  test('searched text leaves case and accents aside, and a pattern takes its signs literally', () => {
    expect(normalizeForSearch('  JOSÉ  Ñandú', null, 'Straße')).toBe('jose nandu strasse');
    expect(containsPattern('50%_a\\')).toBe('%50\\%\\_a\\\\%');
    expect(normalizeForSearch('Łukasz Ørsted', 'Петрова Йовчева', 'Γιώργος')).toBe(
      'lukasz orsted petrova iovcheva giorgos',
    );
    expect(normalizeForSearch('王小明')).toBe('|00738b|005c0f|00660e');
  });

  test('finds words one typo apart by a key that they share, and tells them from others', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 2, maxLength: 8 });
    const typed = (text: string, at: number, how: number) => {
      const letters = [...text];
      const place = at % letters.length;
      if (how === 0) return letters.toSpliced(place, 1).join('');
      if (how === 1) return letters.toSpliced(place, 0, 'z').join('');
      if (how === 2) return letters.with(place, 'z').join('');
      return letters.toSpliced(place, 2, ...letters.slice(place, place + 2).toReversed()).join('');
    };
    fc.assert(
      fc.property(word, fc.nat(), fc.nat({ max: 3 }), (text, at, how) => {
        const other = typed(text, at, how);
        expect(isWithinOneEdit(text, other)).toBe(true);
        expect(isWithinOneEdit(other, text)).toBe(true);
        expect(deletionKeys(text).some((key) => deletionKeys(other).includes(key))).toBe(true);
      }),
    );
    for (const [one, other] of [
      ['marta', 'amart'],
      ['abcd', 'badc'],
      ['abcd', 'axxd'],
      ['abc', 'abcde'],
      ['abcd', 'cbad'],
    ] as const)
      expect([one, other, isWithinOneEdit(one, other)]).toEqual([one, other, false]);
  });
});
