import { startMariadb } from '@clientela/testing';
import { expect, inject, onTestFinished, test } from 'vitest';
import { spoolSource } from './spool.ts';
import { expectSpooled, spooling } from './testing/expect-spooled.ts';
import { createSourceDatabase, sourceAt, tableHandler } from './testing/source-databases.ts';
import { makeSourceTable } from './testing/source-table.ts';
import { stubSqlServer } from './testing/stub-sql-server.ts';

const table = makeSourceTable(78_553, 78_553);

test('reads 78,553 rows with every irregularity from a real MariaDB', async () => {
  const mariadb = await startMariadb();
  onTestFinished(() => mariadb.close());
  const { source, drop } = await createSourceDatabase(mariadb.url, 'mysql2', table.rows);
  onTestFinished(drop);
  await expectSpooled(source, table, 1000);
});

test('reads 78,553 rows through the SQL Server driver, from a stub server', async () => {
  const server = await stubSqlServer(tableHandler(table.rows), { login: ['sync', 'secret'] });
  onTestFinished(() => server.close());
  await expectSpooled(sourceAt(`mssql://sync:secret@127.0.0.1:${server.port}/vAptekeSync`, 'mssql'), table, 1000);
});

// A URL such as mssql://user:password@host:1433/master, of a login that may create databases.
const sqlServer = process.env['VAPTEKESYNC_TEST_URL'];

test('reads the same table from a real SQL Server', async ({ skip }) => {
  skip(sqlServer === undefined, 'VAPTEKESYNC_TEST_URL names no SQL Server: its driver was tested against a stub only');
  const { source, drop } = await createSourceDatabase(sqlServer ?? '', 'mssql', table.rows);
  onTestFinished(drop);
  await expectSpooled(source, table, 1000);
});

test('needs about the same memory for ten times the rows', async () => {
  const grownMegabytes = async (copies: number) => {
    const { source, drop, db } = await createSourceDatabase(inject('postgres'), 'pg', []);
    onTestFinished(drop);
    await db.raw(
      `insert into "ZkzClients" select n, '+7' || lpad(n::text, 10, '0'), 'иван', n || '@example.com', 1600000000
         from generate_series(1, ?::int) as n`,
      [copies * 50_000],
    );
    const { path, options } = spooling({ maxBytes: 1e9, pageSize: 1000 });
    const before = process.memoryUsage.rss();
    let peak = before;
    const onProgress = () => void (peak = Math.max(peak, process.memoryUsage.rss()));
    await spoolSource(path, source, { ...options, onProgress });
    return (peak - before) / 1e6;
  };
  await grownMegabytes(1); // loads the code
  expect((await grownMegabytes(10)) - (await grownMegabytes(1))).toBeLessThan(80);
});
