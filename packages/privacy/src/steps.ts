import type { Person } from '@clientela/contracts';
import { whereKeyset, type KeysetValues, type Query, type Tx } from '@clientela/db';
import { blankValues, columnsOf, primaryKeyOf, type Catalog, type Column } from './catalog.ts';
import { matchesOf, type TablePolicy } from './inventory.ts';
import { personRows } from './person-rows.ts';

// Rows per transaction: well within the statement timeout on a busy machine.
const BATCH_ROWS = 2000;
const SCANNED_ROWS = 20_000;

/** The result of one batch: rows counted, whether the step is finished, and the key after which it continues (null: from the start). */
export type BatchResult = { rows: number; isLast: boolean; after: KeysetValues | null };

/** Names a step by its table and matches, so that a stored name stays valid when the inventory grows. */
export const stepName = (table: TablePolicy): string =>
  `${table.table} by ${matchesOf(table)
    .map((match) => Object.keys(match).join(', '))
    .join('; ')}`;

/** Applies a table's policy to one batch: changes at most 2,000 rows, or counts among at most 20,000. */
export async function eraseBatch(
  tx: Tx,
  catalog: Catalog,
  table: TablePolicy,
  person: Person,
  after: KeysetValues | null,
): Promise<BatchResult> {
  const rows = personRows(tx, table, person);
  if (!rows) return { rows: 0, isLast: true, after: null };
  const columns = columnsOf(catalog, table.table);
  const isKept = typeof table.erasure === 'object' && 'keep' in table.erasure;
  if (table.scanByKey) {
    const key = primaryKeyOf(columns);
    const end = await findBatchEnd(tx, table.table, key, { person, after, length: isKept ? SCANNED_ROWS : BATCH_ROWS });
    if (after) void whereKeyset(rows, key, '>', after);
    if (end) void whereKeyset(rows, key, '<=', end);
    return { rows: await applyErasure(tx, table, columns, rows), isLast: !end, after: end ?? null };
  }
  if (isKept) return { rows: await countRows(rows), isLast: true, after: null };
  const changed = await applyErasure(tx, table, columns, rows, BATCH_ROWS);
  return { rows: changed, isLast: changed < BATCH_ROWS, after: null };
}

/** Applies a table's policy to all rows of the person, within one transaction. @returns rows changed or counted */
export async function eraseTable(tx: Tx, catalog: Catalog, table: TablePolicy, person: Person): Promise<number> {
  let rows = 0;
  for (let batch: BatchResult | undefined; !batch?.isLast;) {
    batch = await eraseBatch(tx, catalog, table, person, batch?.after ?? null);
    rows += batch.rows;
  }
  return rows;
}

/** Finds the last key of a batch; undefined for the last batch. Reads the company's rows only, when the key begins with the company. */
async function findBatchEnd(
  tx: Tx,
  table: string,
  key: readonly string[],
  { person, after, length }: { person: Person; after: KeysetValues | null; length: number },
): Promise<KeysetValues | undefined> {
  const query = tx(table)
    .select(key)
    .orderBy([...key])
    .offset(length - 1)
    .limit(1);
  if (key[0] === 'company_id') void query.where({ company_id: person.company_id });
  if (after) void whereKeyset(query, key, '>', after);
  const [row] = (await query) as Record<string, string | number>[];
  return row && key.map((name) => row[name] as string | number);
}

const countRows = async (rows: Query): Promise<number> => {
  const [result]: { count: number }[] = await rows.count({ count: '*' });
  return result?.count ?? 0;
};

/** Deletes, blanks or counts the selected rows. @param limit most rows to change; all of them by default */
async function applyErasure(
  tx: Tx,
  { table, erasure }: TablePolicy,
  columns: readonly Column[],
  rows: Query,
  limit?: number,
): Promise<number> {
  if (typeof erasure === 'object' && 'keep' in erasure) return countRows(rows);
  const key = primaryKeyOf(columns);
  const lockedRows = () => {
    if (limit !== undefined) void rows.limit(limit);
    return tx(table).whereIn(key, rows.select(key).forUpdate());
  };
  if (erasure === 'delete') return lockedRows().delete();
  const blanks = blankValues(columns, erasure.columns);
  // Skips rows that are blank already, so that each batch finds others and no row is counted twice.
  void rows.where((row) => {
    for (const { name, type } of columns) {
      if (!(name in blanks)) continue;
      const column = type === 'json' || type === 'jsonb' ? '??::text' : '??';
      if (blanks[name] === null) void row.orWhereNotNull(name); // a partial index can serve this
      else void row.orWhereRaw(`${column} is distinct from ?`, [name, blanks[name] as string]);
    }
  });
  const hasColumn = (name: string) => columns.some((column) => column.name === name);
  return lockedRows().update({
    ...(hasColumn('version') && { version: tx.raw('version + 1') }),
    ...(hasColumn('updated_at') && { updated_at: tx.fn.now() }),
    ...blanks,
  });
}
