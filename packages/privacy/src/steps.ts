import type { Person } from '@clientela/contracts';
import type { Query, Tx } from '@clientela/db';
import { blankValues, columnsOf, primaryKeyOf, type Catalog, type Column } from './catalog.ts';
import { isAfterKey as isAfter, personRows, isUpToKey, type Keyset } from './person-rows.ts';
import { matchesOf, type TablePolicy } from './inventory.ts';

// Rows of a transaction: well within what a statement may take on a busy machine.
const rowsPerBatch = 2000;
const rowsPerCount = 20_000;

/** What a part of a step did: how many rows it touched, whether that was the last, and where the next goes on, if it is not the beginning. */
export type StepResult = { rows: number; over: boolean; after: Keyset | null };

/** By which a step is known, whatever stands before it in the list. */
export const stepName = (table: TablePolicy): string =>
  `${table.table} by ${matchesOf(table)
    .map((match) => Object.keys(match).join(', '))
    .join('; ')}`;

/** By which the rows of a table are known that went when it began. */
export const goneFirst = (table: string): string => `${table} at first`;

/** One part of a table's erasure: at most 2,000 rows are touched, or 20,000 looked at. */
export async function eraseBatch(
  tx: Tx,
  catalog: Catalog,
  table: TablePolicy,
  person: Person,
  after: Keyset | null,
): Promise<StepResult> {
  const rows = personRows(tx, table, person);
  if (!rows) return { rows: 0, over: true, after: null };
  const columns = columnsOf(catalog, table.table);
  const kept = typeof table.erasure === 'object' && 'keep' in table.erasure;
  if (table.scanByKey) {
    const key = primaryKeyOf(columns);
    const last = await findBatchEnd(tx, table.table, key, {
      person,
      after,
      length: kept ? rowsPerCount : rowsPerBatch,
    });
    if (after) void rows.where(isAfter(tx, key, after));
    if (last) void rows.where(isUpToKey(tx, key, last));
    return { rows: await applyErasure(tx, table, columns, rows), over: !last, after: last ?? null };
  }
  if (kept) return { rows: await count(rows), over: true, after: null };
  const touched = await applyErasure(tx, table, columns, rows, rowsPerBatch);
  return { rows: touched, over: touched < rowsPerBatch, after: null };
}

/** How far so many rows reach from a key on, among those of the company where the key begins with it; undefined: to the end. */
async function findBatchEnd(
  tx: Tx,
  table: string,
  key: readonly string[],
  { person, after, length }: { person: Person; after: Keyset | null; length: number },
): Promise<Keyset | undefined> {
  const found = tx(table)
    .select(key)
    .orderBy([...key])
    .offset(length - 1)
    .limit(1);
  if (key[0] === 'company_id') void found.where({ company_id: person.company_id });
  if (after) void found.where(isAfter(tx, key, after));
  const [row] = (await found) as Record<string, string | number>[];
  return row && key.map((name) => row[name] as string | number);
}

const count = async (rows: Query): Promise<number> => {
  const [found]: { count: number }[] = await rows.count({ count: '*' });
  return found?.count ?? 0;
};

/** Erases rows, or counts them where they are kept. @param limit left out: all of them */
async function applyErasure(
  tx: Tx,
  { table, erasure }: TablePolicy,
  columns: readonly Column[],
  rows: Query,
  limit?: number,
): Promise<number> {
  if (typeof erasure === 'object' && 'keep' in erasure) return count(rows);
  const key = primaryKeyOf(columns);
  const chosen = () => {
    if (limit !== undefined) void rows.limit(limit);
    return tx(table).whereIn(key, rows.select(key).forUpdate());
  };
  if (erasure === 'delete') return chosen().delete();
  const blanks = blankValues(columns, erasure.columns);
  // Not yet blank: a row that was done is not done again, so that each part finds others.
  void rows.where((row) => {
    for (const { name, type } of columns) {
      if (!(name in blanks)) continue;
      const column = type === 'json' || type === 'jsonb' ? '??::text' : '??';
      if (blanks[name] === null) void row.orWhereNotNull(name); // what a partial index can serve
      else void row.orWhereRaw(`${column} is distinct from ?`, [name, blanks[name] as string]);
    }
  });
  const named = (name: string) => columns.some((column) => column.name === name);
  return chosen().update({
    ...(named('version') && { version: tx.raw('version + 1') }),
    ...(named('updated_at') && { updated_at: tx.fn.now() }),
    ...blanks,
  });
}
