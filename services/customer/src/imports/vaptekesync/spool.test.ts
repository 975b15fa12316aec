import { existsSync } from 'node:fs';
import { AppError } from '@clientela/errors';
import { freePort } from '@clientela/testing';
import { expect, inject, onTestFinished, test } from 'vitest';
import { instantOf, titleCaseName, emailOf, localDigitsOf } from './rules.ts';
import type { ImportSource } from './settings.ts';
import { spoolSource } from './spool.ts';
import { expectSpooled, recordsOf, spooling } from './testing/expect-spooled.ts';
import { createSourceDatabase, sourceAt, tableHandler } from './testing/source-databases.ts';
import { makeSourceTable } from './testing/source-table.ts';
import { stubSqlServer, type StubHandler } from './testing/stub-sql-server.ts';

const { rows, oracle } = makeSourceTable(11, 400);
const secret = 'pass-of-the-source';

async function stub(handler: StubHandler, source: Partial<ImportSource> = {}): Promise<ImportSource> {
  const server = await stubSqlServer(handler, { login: ['sync', secret] });
  onTestFinished(() => server.close());
  return sourceAt(`mssql://sync:${secret}@127.0.0.1:${server.port}/vAptekeSync`, 'mssql', source);
}

test('reads every irregularity of the table from PostgreSQL as the rules say', async () => {
  const { source, drop } = await createSourceDatabase(inject('postgres'), 'pg', rows);
  onTestFinished(drop);
  await expectSpooled(source, { rows, oracle });
});

test('reads the same table through the SQL Server driver, from a stub server', async () => {
  await expectSpooled(await stub(tableHandler(rows)), { rows, oracle });
});

test('a source that dies in the middle of a result leaves no file; each try starts again, with the configured pauses', async () => {
  let statements = 0;
  const serve = tableHandler(rows);
  const source = await stub(
    (statement) => {
      statements += 1;
      const result = serve(statement);
      return statements % 3 === 0 && typeof result === 'object' && 'rows' in result
        ? { ...result, cutAfter: 1 }
        : result;
    },
    { retries: 2, pause: 30_000 },
  );
  const { path, options, pauses, warnings } = spooling();
  const error = await spoolSource(path, source, options).catch((error: unknown) => error);
  expect(error).toMatchObject({ kind: 'bad_gateway', error_code: 'IMPORT_SOURCE_UNAVAILABLE' });
  expect(pauses).toEqual([30_000, 30_000]);
  expect(statements).toBe(9);
  expect(warnings).toHaveLength(3);
  expect(existsSync(path)).toBe(false);
});

test('a source that recovers is read completely by the next try', async () => {
  const serve = tableHandler(rows);
  let failures = 0;
  const source = await stub(
    (statement) => (statement.params.length === 2 && failures++ === 0 ? 'cut' : serve(statement)),
    {
      retries: 1,
      pause: 7000,
    },
  );
  const { path, options, pauses } = spooling();
  expect(await spoolSource(path, source, options)).toMatchObject({ read: 400 });
  expect(pauses).toEqual([7000]);
  expect(await recordsOf(path)).toHaveLength(oracle.customers.size);
});

test.for([
  ['nobody listens', async () => sourceAt(`mssql://sync:${secret}@127.0.0.1:${await freePort()}/x`, 'mssql')],
  ['nobody listens for PostgreSQL', async () => sourceAt(`pg://sync:${secret}@127.0.0.1:${await freePort()}/x`, 'pg')],
  [
    'nobody listens for MySQL',
    async () => sourceAt(`mysql://sync:${secret}@127.0.0.1:${await freePort()}/x`, 'mysql2'),
  ],
  ['the server does not respond', () => stub(() => 'hang', { timeout: 300 })],
  ['the password is wrong', () => stub(() => 'hang', { password: `${secret}-wrong` })],
  ['the table is missing', () => stub(() => ({ error: `Invalid object name, user sync, ${secret}`, number: 208 }))],
] as const)('%s: an error within the timeout, the log and the error without the password', async ([, create]) => {
  const source = await create();
  const { path, options, warnings } = spooling();
  const error = await spoolSource(path, source, options).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ error_code: 'IMPORT_SOURCE_UNAVAILABLE', message: 'The import source is unavailable' });
  expect(warnings.join()).not.toContain(secret);
  expect(warnings).toHaveLength(1);
});

test('a cancelled read stops at once, is not tried again, and leaves no file', async () => {
  const cancellation = new AbortController();
  const hang = () => {
    cancellation.abort(new Error('cancelled'));
    return 'hang' as const;
  };
  const source = await stub(hang, { retries: 5, timeout: 600_000 });
  const { path, options, warnings } = spooling({ signal: cancellation.signal });
  await expect(spoolSource(path, source, options)).rejects.toThrow('cancelled');
  expect(warnings).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

test('a table larger than the limit ends with an error and leaves no file', async () => {
  const { path, options } = spooling({ maxBytes: 1000 });
  await expect(spoolSource(path, await stub(tableHandler(rows)), options)).rejects.toMatchObject({ kind: 'too_large' });
  expect(existsSync(path)).toBe(false);
});

test('accepts phones of +7, 7 or 8 and ten digits only', () => {
  for (const phone of ['+79025163111', '79025163111', '89025163111', '  89025163111   '])
    expect(localDigitsOf(phone)).toBe('9025163111');
  for (const phone of [
    null,
    '',
    '9025163111',
    '+89025163111',
    '8 902 516 31 11',
    '790251631110',
    '７9025163111',
    '79025163111\n',
  ])
    expect(localDigitsOf(phone)).toBeUndefined();
});

test('writes first names in title case, 50 characters at most', () => {
  expect(titleCaseName('о’КОННОР-смит иван')).toBe('О’Коннор-Смит Иван');
  expect(titleCaseName('МАР’ЯНА')).toBe('Мар’яна');
  expect(titleCaseName('\ud800анна\u0000')).toBe('Анна');
  expect(titleCaseName('𐐨𐐨'.repeat(40))).toHaveLength(100); // 50 characters beyond the BMP
});

test('keeps valid e-mail addresses and real times only', () => {
  expect(emailOf(' Ving@MAIL.ru ')).toBe('ving@mail.ru');
  expect(emailOf('ving@mail')).toBeNull();
  expect(emailOf(`a@example.com${' '.repeat(1000)}`)).toBeNull();
  expect(emailOf(' ')).toBeUndefined();
  const now = Date.parse('2026-01-01');
  expect(instantOf(1_703_134_827, now)).toBe('2023-12-21T05:00:27.000Z');
  expect(instantOf('1703134827.5', now)).toBe('2023-12-21T05:00:27.500Z');
  for (const seconds of [null, 0, -5, '', 'x', 1_903_134_827, 1_703_134_827_000, {}, Number.NaN])
    expect(instantOf(seconds, now)).toBeUndefined();
});
