import type { ExportedRows, Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { invalid } from '@clientela/errors';
import { columnsOf, primaryKeyOf, readCatalog, type Catalog, type Column } from './catalog.ts';
import { isAfterKey as isAfter, personRows, type Keyset } from './person-rows.ts';
import type { TablePolicy, DataInventory } from './inventory.ts';

const PAGE_ROWS = 1000; // rows of an answer
const ROWS_PER_QUERY = 200; // rows of a statement
const PAGE_CHARACTERS = 4 * 1024 * 1024; // characters of an answer, about

type ExportedTable = Extract<TablePolicy, { section: string }>;
type Row = ExportedRows['rows'][number];

/** What an export shows of a table, in the order of its columns. */
export const exportedColumns = (
  columns: readonly Column[],
  { alsoExported: also = [], withheld = {} }: ExportedTable,
): string[] =>
  columns
    .filter(({ name, class: said }) => (said !== 'technical' || also.includes(name)) && !(name in withheld))
    .map(({ name }) => name);

/**
 * One section of an export: at most 1,000 rows by primary key, table after table, and where they go on.
 * @param given where the answer before said that it goes on
 * @throws AppError 422 for another place than that
 */
export async function exportSection(
  db: Db,
  privacy: DataInventory,
  asked: Person,
  section: string,
  given?: string,
): Promise<ExportedRows> {
  const tables = privacy.tables.filter(
    (table): table is ExportedTable => 'section' in table && table.section === section,
  );
  let place = given === undefined ? { at: 0, after: null } : parsePosition(given, tables.length);
  const person = (await privacy.resolvePerson?.(db, asked)) ?? asked;
  const catalog = await readCatalog(db);
  const rows: Row[] = [];
  let size = 0;
  for (let table = tables[place.at]; table; table = tables[place.at]) {
    const found = await fetchRows(db, catalog, table, person, place.after);
    rows.push(...found.rows);
    size += JSON.stringify(found.rows).length;
    place = found.last ? { at: place.at, after: found.last } : { at: place.at + 1, after: null };
    if ((rows.length >= PAGE_ROWS || size >= PAGE_CHARACTERS) && tables[place.at])
      return { rows, next: JSON.stringify([place.at, place.after]) };
  }
  return { rows, next: null };
}

/** Where an answer goes on: at which table, after which key. */
function parsePosition(given: string, tables: number): { at: number; after: Keyset | null } {
  try {
    const [at, after, ...more] = JSON.parse(given) as [unknown, unknown, ...unknown[]];
    const isKey = after === null || (Array.isArray(after) && after.every((part) => /string|number/.test(typeof part)));
    if (Number.isInteger(at) && (at as number) >= 0 && (at as number) < tables && isKey && more.length === 0)
      return { at: at as number, after: after as Keyset | null };
  } catch {
    // Said below.
  }
  throw invalid([invalidPosition]);
}

const invalidPosition = { path: 'after', message: 'is not where an answer of this section went on' };

async function fetchRows(
  db: Db,
  catalog: Catalog,
  table: ExportedTable,
  person: Person,
  after: Keyset | null,
): Promise<{ rows: Row[]; last: Keyset | undefined }> {
  const columns = columnsOf(catalog, table.table);
  const found = personRows(db, table, person);
  if (!found) return { rows: [], last: undefined };
  const key = primaryKeyOf(columns);
  if (after && after.length !== key.length) throw invalid([invalidPosition]);
  const names = exportedColumns(columns, table);
  void found.select(names).select(Object.fromEntries(key.map((name, at) => [`key_${at}`, name])));
  if (after) void found.where(isAfter(db, key, after));
  const rows = await found
    .orderBy(key)
    .limit(ROWS_PER_QUERY)
    .then(
      (rows) => rows as Record<string, Row[string]>[],
      (error: unknown) => {
        // Data exceptions (PostgreSQL manual, appendix A): the place names a key of another type.
        if (after && error instanceof Error && 'code' in error && /^(22|42883)/.test(String(error.code)))
          throw invalid([invalidPosition]);
        throw error;
      },
    );
  const last = rows.length === ROWS_PER_QUERY ? rows.at(-1) : undefined;
  return {
    rows: rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null]))),
    last: last && key.map((_, at) => last[`key_${at}`] as string | number),
  };
}
