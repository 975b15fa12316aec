import type { ExportedRows, Person } from '@clientela/contracts';
import { whereKeyset, type Db, type KeysetValues } from '@clientela/db';
import { invalid } from '@clientela/errors';
import { columnsOf, primaryKeyOf, readCatalog, type Catalog, type Column } from './catalog.ts';
import { personRows } from './person-rows.ts';
import type { TablePolicy, DataInventory } from './inventory.ts';

const PAGE_ROWS = 1000;
const QUERY_ROWS = 200;
const PAGE_CHARACTERS = 4 * 1024 * 1024; // a page ends at the first query beyond this

type ExportedTable = Extract<TablePolicy, { section: string }>;
type Row = ExportedRows['rows'][number];
/** Where a page continues: index of the table within the section, and the key after which its rows follow. */
type Position = { table: number; after: KeysetValues | null };

/** Lists the columns of a table that an export contains, in table order. */
export const exportedColumns = (
  columns: readonly Column[],
  { alsoExported = [], withheld = {} }: ExportedTable,
): string[] =>
  columns
    .filter(
      (column) => (column.class !== 'technical' || alsoExported.includes(column.name)) && !(column.name in withheld),
    )
    .map(({ name }) => name);

/**
 * Returns one page of a section: at most 1,000 rows by primary key, table after table, with the cursor of the next page.
 * @param cursor `next` of the page before
 * @throws AppError 422 for an invalid cursor
 */
export async function exportSection(
  db: Db,
  inventory: DataInventory,
  requested: Person,
  section: string,
  cursor?: string,
): Promise<ExportedRows> {
  const tables = inventory.tables.filter(
    (table): table is ExportedTable => 'section' in table && table.section === section,
  );
  let position: Position = cursor === undefined ? { table: 0, after: null } : parseCursor(cursor, tables.length);
  const person = (await inventory.resolvePerson?.(db, requested)) ?? requested;
  const catalog = await readCatalog(db);
  const rows: Row[] = [];
  let size = 0;
  for (let table = tables[position.table]; table; table = tables[position.table]) {
    const batch = await fetchRows(db, catalog, table, person, position.after);
    rows.push(...batch.rows);
    size += JSON.stringify(batch.rows).length;
    position = batch.last ? { table: position.table, after: batch.last } : { table: position.table + 1, after: null };
    if ((rows.length >= PAGE_ROWS || size >= PAGE_CHARACTERS) && tables[position.table])
      return { rows, next: JSON.stringify([position.table, position.after]) };
  }
  return { rows, next: null };
}

function parseCursor(cursor: string, tables: number): Position {
  try {
    const [table, after, ...rest] = JSON.parse(cursor) as [unknown, unknown, ...unknown[]];
    const isKey = after === null || (Array.isArray(after) && after.every((part) => /string|number/.test(typeof part)));
    if (Number.isInteger(table) && (table as number) >= 0 && (table as number) < tables && isKey && rest.length === 0)
      return { table: table as number, after: after as KeysetValues | null };
  } catch {
    // Not JSON: rejected below.
  }
  throw invalid([invalidCursor]);
}

const invalidCursor = { path: 'after', message: 'is not a cursor of this section' };

async function fetchRows(
  db: Db,
  catalog: Catalog,
  table: ExportedTable,
  person: Person,
  after: KeysetValues | null,
): Promise<{ rows: Row[]; last: KeysetValues | undefined }> {
  const columns = columnsOf(catalog, table.table);
  const query = personRows(db, table, person);
  if (!query) return { rows: [], last: undefined };
  const key = primaryKeyOf(columns);
  if (after && after.length !== key.length) throw invalid([invalidCursor]);
  const names = exportedColumns(columns, table);
  void query.select(names).select(Object.fromEntries(key.map((name, index) => [`key_${index}`, name])));
  if (after) void whereKeyset(query, key, '>', after);
  const rows = await query
    .orderBy(key)
    .limit(QUERY_ROWS)
    .then(
      (found) => found as Record<string, Row[string]>[],
      (error: unknown) => {
        // Data exceptions (PostgreSQL manual, appendix A): the cursor holds a key of another type.
        if (after && error instanceof Error && 'code' in error && /^(22|42883)/.test(String(error.code)))
          throw invalid([invalidCursor]);
        throw error;
      },
    );
  const last = rows.length === QUERY_ROWS ? rows.at(-1) : undefined;
  return {
    rows: rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null]))),
    last: last && key.map((_name, index) => last[`key_${index}`] as string | number),
  };
}
