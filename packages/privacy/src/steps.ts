import type { Person } from '@clientela/contracts';
import type { Query, Tx } from '@clientela/db';
import { blanksOf, columnsOf, keyOf, type Catalog, type Column } from './catalog.ts';
import { after as isAfter, of, upTo, type Keyset } from './rows.ts';
import { matchesOf, type PersonTable } from './tables.ts';

export const atOnce = 2000; // rows that a transaction touches or goes through: well within what a statement may take on a busy machine

/** What a part of a step did: how many rows it touched, whether that was the last, and where the next goes on, if it is not the beginning. */
export type Done = { rows: number; over: boolean; after: Keyset | null };

/** By which a step is known, whatever stands before it in the list. */
export const nameOf = (table: PersonTable): string =>
  `${table.table} by ${matchesOf(table)
    .map((match) => Object.keys(match).join(', '))
    .join('; ')}`;

/** By which the rows of a table are known that went when it began. */
export const goneFirst = (table: string): string => `${table} at first`;

/** One part of a table's erasure, of at most 2,000 rows. */
export async function erase(
  tx: Tx,
  catalog: Catalog,
  table: PersonTable,
  person: Person,
  after: Keyset | null,
): Promise<Done> {
  const rows = of(tx, table, person);
  if (!rows) return { rows: 0, over: true, after: null };
  const columns = columnsOf(catalog, table.table);
  if (table.walk) {
    const { last } = await window(tx, table.table, columns, person, after);
    const key = keyOf(columns);
    if (after) void rows.where(isAfter(tx, key, after));
    if (last) void rows.where(upTo(tx, key, last));
    return { rows: await touch(tx, table, columns, rows), over: !last, after: last ?? null };
  }
  if (typeof table.erasure === 'object' && 'keep' in table.erasure)
    return { rows: await count(rows), over: true, after: null };
  const touched = await touch(tx, table, columns, rows, atOnce);
  return { rows: touched, over: touched < atOnce, after: null };
}

/** How far 2,000 rows reach from a key on, among those of the company where the key begins with it. */
async function window(
  tx: Tx,
  table: string,
  columns: readonly Column[],
  { company_id }: Person,
  after: Keyset | null,
): Promise<{ last: Keyset | undefined }> {
  const key = keyOf(columns);
  const found = tx(table)
    .select(key)
    .orderBy(key)
    .offset(atOnce - 1)
    .limit(1);
  if (key[0] === 'company_id') void found.where({ company_id });
  if (after) void found.where(isAfter(tx, key, after));
  const [row] = (await found) as Record<string, string | number>[];
  return { last: row && key.map((name) => row[name] as string | number) };
}

const count = async (rows: Query): Promise<number> => {
  const [found]: { count: number }[] = await rows.count({ count: '*' });
  return found?.count ?? 0;
};

/** Erases rows, or counts them where they are kept. @param limit left out: all of them */
async function touch(
  tx: Tx,
  { table, erasure }: PersonTable,
  columns: readonly Column[],
  rows: Query,
  limit?: number,
): Promise<number> {
  if (typeof erasure === 'object' && 'keep' in erasure) return count(rows);
  const key = keyOf(columns);
  const chosen = () => {
    if (limit !== undefined) void rows.limit(limit);
    return tx(table).whereIn(key, rows.select(key).forUpdate());
  };
  if (erasure === 'delete') return chosen().delete();
  const blanks = blanksOf(columns, erasure.columns);
  // Not yet blank: a row that was done is not done again, so that each part finds others.
  void rows.where((row) => {
    for (const { name, type } of columns) {
      if (!(name in blanks)) continue;
      const column = type === 'json' || type === 'jsonb' ? '??::text' : '??';
      void row.orWhereRaw(`${column} is distinct from ?`, [name, blanks[name] as string]);
    }
  });
  const named = (name: string) => columns.some((column) => column.name === name);
  return chosen().update({
    ...(named('version') && { version: tx.raw('version + 1') }),
    ...(named('updated_at') && { updated_at: tx.fn.now() }),
    ...blanks,
  });
}
