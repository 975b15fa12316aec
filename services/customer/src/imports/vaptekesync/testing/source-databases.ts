import { randomBytes } from 'node:crypto';
import knex from 'knex';
import type { Knex } from 'knex';
import type { ImportSource } from '../settings.ts';
import type { TableRow } from './source-table.ts';
import type { StubHandler, StubResult } from './stub-sql-server.ts';

const times = { timeout: 5000, retries: 0, pause: 0, encrypt: false };

/** A source at an address where a test put one. */
export const sourceAt = (
  url: string,
  client: ImportSource['client'],
  options: Partial<ImportSource> = {},
): ImportSource => {
  const { hostname: host, port, username, password, pathname } = new URL(url);
  return {
    client,
    host,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: pathname.slice(1),
    ...times,
    ...options,
  };
};

/** SQL Server takes its settings apart; the other drivers read a URL. */
function connectionOf(address: string, client: ImportSource['client']): object | string {
  if (client !== 'mssql') return address;
  const { port, ...source } = sourceAt(address, client);
  return { ...source, options: { port, encrypt: true, trustServerCertificate: true } };
}

/** Creates a database with the source table and these rows. @param admin URL of a role that may create databases */
export async function createSourceDatabase(
  admin: string,
  client: ImportSource['client'],
  rows: readonly TableRow[],
): Promise<{ source: ImportSource; db: Knex; drop: () => Promise<void> }> {
  const name = `source_${randomBytes(6).toString('hex')}`;
  const open = (address: string) =>
    knex({ client, connection: connectionOf(address, client) as Knex.StaticConnectionConfig });
  const server = open(admin);
  await server.raw(`create database ${name}`);
  const url = new URL(admin);
  url.pathname = `/${name}`;
  const db = open(url.href);
  await db.schema.createTable('ZkzClients', (columns) => {
    columns.bigInteger('ID').primary();
    columns.string('phone_main', 100);
    columns.text('FirstFIO');
    columns.text('email_main');
    columns.integer('created_at');
  });
  for (let start = 0; start < rows.length; start += 1000)
    await db('ZkzClients').insert(rows.slice(start, start + 1000));
  return {
    source: sourceAt(url.href, client),
    db,
    drop: async () => {
      await db.destroy();
      await server.raw(client === 'pg' ? `drop database ${name} with (force)` : `drop database ${name}`);
      await server.destroy();
    },
  };
}

/** Serves the rows of the source table as SQL Server does: pages by id, of which the first has no lower bound. */
export function tableHandler(rows: readonly TableRow[]): StubHandler {
  const sorted = rows.toSorted((a, b) => (BigInt(a.ID) > BigInt(b.ID) ? -1 : 1));
  return ({ sql, params }): StubResult => {
    const [limit, below] = params;
    if (!/^select top \(@p0\) .* from \[ZkzClients\] .*order by \[ZkzClients\]\.\[ID\] desc$/.test(sql))
      return { error: 'Incorrect syntax.', number: 102 };
    const start = below === undefined ? 0 : sorted.findIndex(({ ID }) => BigInt(ID) < BigInt(below));
    const page = start < 0 ? [] : sorted.slice(start, start + Number(limit));
    return {
      columns: { row_id: 'nvarchar', phone: 'nvarchar', name: 'nvarchar', email: 'nvarchar', registered: 'bigint' },
      rows: page.map((row) => [
        row.ID,
        row.phone_main,
        row.FirstFIO,
        row.email_main,
        row.created_at === null ? null : BigInt(row.created_at),
      ]),
    };
  };
}
