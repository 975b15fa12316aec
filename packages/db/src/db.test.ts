import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { AppError } from '@clientela/errors';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  findInvalidIndexes,
  findOutdatedCollations,
  connect,
  asUnavailable,
  isUuid,
  containsPattern,
  migrate,
  newId,
  paginate,
  provision,
  normalizeForSearch,
  requireUpdated,
  requireVersion,
  whereKeyset,
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
    target = await provision(inject('postgres'), name, { owner: 'o', app: 'a' }, { ownServer: true });
    folder = mkdtempSync(join(tmpdir(), 'migrations-'));
    app = connect(target.url, { pool: 1 });
  });
  afterEach(async () => {
    await app.destroy();
    rmSync(folder, { recursive: true });
  });
  const write = (file: string, sql: string) => writeFileSync(join(folder, file), sql);
  const run = () => migrate({ ...target, folders: [folder] });

  test('run once each, in order, with their SQL unchanged', async () => {
    write('0001_a.sql', `create table a (id int primary key, why text default 'why?'); insert into a (id) values (1);`);
    expect(await run()).toEqual(['0001_a.sql']);
    write('0002_b.sql', 'alter table a add column more int not null default 7;');
    expect(await run()).toEqual(['0002_b.sql']);
    expect(await run()).toEqual([]);
    expect(await app('a').select()).toEqual([{ id: 1, why: 'why?', more: 7 }]);
  });

  test('run once when several processes start together', async () => {
    write('0001_a.sql', 'create table a (id int); insert into a values (1); select pg_sleep(0.2);');
    const ran = await Promise.all([run(), run(), run()]);
    expect(ran.flat()).toEqual(['0001_a.sql']);
    expect(await app('a').select()).toEqual([{ id: 1 }]);
  });

  test('leave no partial change, and continue after a killed run', async () => {
    write('0001_a.sql', 'create table a (id int);');
    write('0002_b.sql', 'create table b (id int); select 1 / 0;');
    await expect(run()).rejects.toThrow('division by zero');
    const owner = connect(target.ownerUrl, { pool: 1 });
    // A killed run leaves this row behind.
    await owner('migrations.done_lock').update({ is_locked: 1 });
    await owner.destroy();
    write('0002_b.sql', 'create table b (id int);');
    await run();
    expect(await app('b').select()).toEqual([]);
  });

  test('run a single statement outside a transaction on request', async () => {
    write('0001_a.sql', 'create table a (id int);');
    write('0002_index.sql', '-- no-transaction\ncreate index concurrently if not exists a_id on a (id);');
    expect(await run()).toEqual(['0001_a.sql', '0002_index.sql']);
  });

  test('reject a database with a migration that no file has, before any change', async () => {
    write('0001_a.sql', 'create table a (id int);');
    await run();
    const owner = connect(target.ownerUrl, { pool: 1 });
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
    await owner.raw('alter default privileges in schema public revoke delete on tables from ??', [target.appRole]);
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

  test('wait for a lock that a running process holds', async () => {
    write('0001_a.sql', 'create table a (id int);');
    await run();
    const reader = await app.transaction();
    await reader('a').select();
    write('0002_b.sql', 'alter table a add column b int;');
    const running = run();
    setTimeout(() => void reader.commit(), 2500);
    expect(await running).toEqual(['0002_b.sql']);
  });

  test('give the app role access to rows and no DDL', async () => {
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

  test('let both roles connect to their own database only', async () => {
    const other = await provision(
      inject('postgres'),
      `other_${randomBytes(4).toString('hex')}`,
      { owner: 'o', app: 'a' },
      { ownServer: true },
    );
    for (const url of [target.url, target.ownerUrl]) {
      for (const database of [new URL(other.url).pathname, '/postgres', '/template1']) {
        const otherUrl = new URL(url);
        otherUrl.pathname = database;
        const db = connect(otherUrl.href);
        await expect(db.raw('select 1'), otherUrl.pathname).rejects.toMatchObject({ code: '42501' });
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

  test('returns instants, dates, integers and money as they are sent on the wire', async () => {
    const { rows } = await database.db.raw(
      `select '2026-11-21 10:00:00+02'::timestamptz as at, '2026-02-28'::date as day, 9007199254740991::bigint as number, 12.5::numeric(9,2) as money, null::timestamptz as missing`,
    );
    expect(rows[0]).toEqual({
      at: '2026-11-21T08:00:00.000Z',
      day: '2026-02-28',
      number: 9_007_199_254_740_991,
      money: '12.50',
      missing: null,
    });
  });

  test('ends a slow statement and a wait for a lock or a connection with a 503', async () => {
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

    const blocker = await database.db.transaction();
    expect(await failure(database.db.raw('select 1'))).toBe('unavailable');
    expect(blocker.isCompleted()).toBe(false);
    await blocker.rollback();

    const unreachable = connect('postgresql://a:b@127.0.0.1:1/nothing');
    expect(await failure(unreachable.raw('select 1'))).toBe('unavailable');
    await unreachable.destroy();
    expect(await failure(database.db.raw('select nonsense'))).toBeUndefined();
  });

  test('paginates names as people sort them, nulls last', async () => {
    const names = ['Zoe', 'ørn', null, 'adam', 'Émile', 'Ana', 'ana'];
    await database.owner.raw('create table people (id uuid primary key, name text)');
    await database.owner('people').insert(names.map((name) => ({ id: newId(), name })));
    const sorted = async (descending: boolean) => {
      const sort = [{ column: 'name', descending }];
      const options = { isFiltered: false, nullable: ['name'], alphabetical: ['name'] };
      const { rows } = await paginate<{ name: string }>(
        database.owner('people'),
        ['name'],
        { page: 1, per_page: 9, sort },
        options,
      );
      return rows.map(({ name }) => name);
    };
    expect(await sorted(false)).toEqual(['adam', 'ana', 'Ana', 'Émile', 'ørn', 'Zoe', null]);
    expect(await sorted(true)).toEqual(['Zoe', 'ørn', 'Émile', 'Ana', 'ana', 'adam', null]);
  });

  test('reports an index whose collation has another version than the server', async () => {
    expect(await findOutdatedCollations(database.db)).toEqual([]);
    const url = new URL(inject('postgres'));
    url.pathname = new URL(database.url).pathname;
    const admin = connect(url.href, { pool: 1 });
    await admin.raw(`update pg_collation set collversion = '1.2' where collname = 'und-x-icu'`);
    expect(await findOutdatedCollations(database.db)).toEqual([
      expect.stringMatching(
        /^the collation und-x-icu is of version \S+, the database was made with 1\.2: reindex products_name, then /,
      ),
    ]);
    await admin.raw('reindex index products_name');
    await admin.raw('alter collation pg_catalog."und-x-icu" refresh version');
    await admin.destroy();
    expect(await findOutdatedCollations(database.db)).toEqual([]);
  });

  test('reports an index whose build was interrupted', async () => {
    await database.owner.raw('create table halves (id int); insert into halves values (1), (1)');
    await expect(database.owner.raw('create unique index concurrently halves_once on halves (id)')).rejects.toThrow();
    expect(await findInvalidIndexes(database.db)).toEqual([
      'the index halves_once is incomplete: reindex it (docs/operations.md)',
    ]);
    await database.owner.raw('drop table halves');
    expect(await findInvalidIndexes(database.db)).toEqual([]);
  });

  test('paginates with ties broken by id and a total that is exact up to 10,000, and continues after a keyset position', async () => {
    await database.owner.raw('create table rows (id int primary key, tie int, at int)');
    await database.owner.raw('insert into rows select n, n % 3, n from generate_series(1, 10050) n');
    await database.owner.raw('analyze rows');
    const fetchPage = (page: number, isFiltered = false, column = 'at') =>
      paginate<{ id: number }>(
        database.db('rows'),
        ['id'],
        { page, per_page: 3, sort: [{ column, descending: true }] },
        { isFiltered },
      );
    await database.owner.raw('grant select on rows to public');
    const after = (operator: '<' | '<=' | '>', values: number[]) =>
      whereKeyset(database.db('rows'), ['tie', 'id'], operator, values).orderBy(['tie', 'id']).limit(2).pluck('id');
    expect(await after('>', [1, 10_048])).toEqual([2, 5]);
    expect(await after('<=', [0, 6])).toEqual([3, 6]);
    expect(await after('<', [0, 6])).toEqual([3]);
    expect(await fetchPage(1)).toEqual({
      rows: [{ id: 10_050 }, { id: 10_049 }, { id: 10_048 }],
      total: 10_050,
      page: 1,
      pages: 3350,
      per_page: 3,
    });
    expect((await fetchPage(3351)).rows).toEqual([]);
    expect((await fetchPage(1, false, 'tie')).rows.map(({ id }) => id)).toEqual([10_049, 10_046, 10_043]);
    expect(await fetchPage(1, true)).toMatchObject({ total: expect.any(Number), total_is_estimate: true });
  });
});

describe('versions', () => {
  const failure = (work: () => unknown) => {
    try {
      return work();
    } catch (error) {
      return (error as AppError).error_code;
    }
  };

  test('require an existing row with the expected version, or any version without one', () => {
    expect(requireVersion({ version: 2 }, 'thing', [1, 2])).toEqual({ version: 2 });
    expect(requireVersion({ version: 2 }, 'thing', undefined)).toEqual({ version: 2 });
    expect(failure(() => requireVersion(undefined, 'thing', [2]))).toBe('THING_NOT_FOUND');
    expect(failure(() => requireVersion({ version: 3 }, 'thing', [1, 2]))).toBe('PRECONDITION_FAILED');
    expect(requireUpdated({ version: 3 })).toEqual({ version: 3 });
    expect(failure(() => requireUpdated(undefined))).toBe('PRECONDITION_FAILED');
  });
});

describe('ids and search', () => {
  test('generates increasing UUIDv7 ids', () => {
    const ids = Array.from({ length: 100 }, newId);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.every((id) => isUuid(id) && id[14] === '7')).toBe(true);
  });

  test('normalizes case, accents and scripts for search, and escapes LIKE patterns', () => {
    expect(normalizeForSearch('  JOSÉ  Ñandú', null, 'Straße')).toBe('jose nandu strasse');
    expect(containsPattern('50%_a\\')).toBe('%50\\%\\_a\\\\%');
    expect(normalizeForSearch('Łukasz Ørsted', 'Петрова Йовчева', 'Γιώργος')).toBe(
      'lukasz orsted petrova iovcheva giorgos',
    );
    expect(normalizeForSearch('王小明')).toBe('|AAHDIL|AAFMAP|AAGGAO');
  });

  test('writes a letter of another script so that no digit and no Latin letter finds it', () => {
    const letters = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(letters, (text) => {
        const foreign = text.replaceAll(/[^\p{L}]|[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/gu, '');
        const compatible = foreign.normalize('NFKD').replaceAll(/[\p{Script=Latin}\p{Script=Greek}\p{N}]/gu, '');
        expect(normalizeForSearch(compatible)).not.toMatch(/[a-z0-9]/);
      }),
      { numRuns: 2000 },
    );
    for (const name of ['김민준', '王小明', 'สมชาย', 'محمد', 'דוד', 'अमित', 'ავთანდილ'])
      expect([name, normalizeForSearch(name)]).toEqual([name, expect.stringMatching(/^(?:\|[A-P]{6})+$/)]);
  });

  test('finds words within one edit by a shared deletion key, and rejects words further apart', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 2, maxLength: 8 });
    const withTypo = (text: string, index: number, kind: number) => {
      const letters = [...text];
      const position = index % letters.length;
      if (kind === 0) return letters.toSpliced(position, 1).join('');
      if (kind === 1) return letters.toSpliced(position, 0, 'z').join('');
      if (kind === 2) return letters.with(position, 'z').join('');
      return letters.toSpliced(position, 2, ...letters.slice(position, position + 2).toReversed()).join('');
    };
    fc.assert(
      fc.property(word, fc.nat(), fc.nat({ max: 3 }), (text, index, kind) => {
        const other = withTypo(text, index, kind);
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
