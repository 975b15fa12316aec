import type { ExportedRows, Person } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { invalid } from '@clientela/errors';
import { columnsOf, keyOf, readCatalog, type Catalog, type Column } from './catalog.ts';
import { after as isAfter, of, type Keyset } from './rows.ts';
import type { TablePolicy, DataInventory } from './inventory.ts';

const most = 1000; // rows of an answer
const atOnce = 200; // rows of a statement
const largest = 4 * 1024 * 1024; // characters of an answer, about

type Shown = Extract<TablePolicy, { section: string }>;
type Row = ExportedRows['rows'][number];

/** What an export shows of a table, in the order of its columns. */
export const shownOf = (columns: readonly Column[], { also = [], withheld = {} }: Shown): string[] =>
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
  const tables = privacy.tables.filter((table): table is Shown => 'section' in table && table.section === section);
  let place = given === undefined ? { at: 0, after: null } : placeOf(given, tables.length);
  const person = (await privacy.whom?.(db, asked)) ?? asked;
  const catalog = await readCatalog(db);
  const rows: Row[] = [];
  let size = 0;
  for (let table = tables[place.at]; table; table = tables[place.at]) {
    const found = await some(db, catalog, table, person, place.after);
    rows.push(...found.rows);
    size += JSON.stringify(found.rows).length;
    place = found.last ? { at: place.at, after: found.last } : { at: place.at + 1, after: null };
    if ((rows.length >= most || size >= largest) && tables[place.at])
      return { rows, next: JSON.stringify([place.at, place.after]) };
  }
  return { rows, next: null };
}

/** Where an answer goes on: at which table, after which key. */
function placeOf(given: string, tables: number): { at: number; after: Keyset | null } {
  try {
    const [at, after, ...more] = JSON.parse(given) as [unknown, unknown, ...unknown[]];
    const isKey = after === null || (Array.isArray(after) && after.every((part) => /string|number/.test(typeof part)));
    if (Number.isInteger(at) && (at as number) >= 0 && (at as number) < tables && isKey && more.length === 0)
      return { at: at as number, after: after as Keyset | null };
  } catch {
    // Said below.
  }
  throw invalid([notAPlace]);
}

const notAPlace = { path: 'after', message: 'is not where an answer of this section went on' };

async function some(
  db: Db,
  catalog: Catalog,
  table: Shown,
  person: Person,
  after: Keyset | null,
): Promise<{ rows: Row[]; last: Keyset | undefined }> {
  const columns = columnsOf(catalog, table.table);
  const found = of(db, table, person);
  if (!found) return { rows: [], last: undefined };
  const key = keyOf(columns);
  if (after && after.length !== key.length) throw invalid([notAPlace]);
  const names = shownOf(columns, table);
  void found.select(names).select(Object.fromEntries(key.map((name, at) => [`key_${at}`, name])));
  if (after) void found.where(isAfter(db, key, after));
  const rows = await found
    .orderBy(key)
    .limit(atOnce)
    .then(
      (rows) => rows as Record<string, Row[string]>[],
      (error: unknown) => {
        // Data exceptions (PostgreSQL manual, appendix A): the place names a key of another type.
        if (after && error instanceof Error && 'code' in error && /^(22|42883)/.test(String(error.code)))
          throw invalid([notAPlace]);
        throw error;
      },
    );
  const last = rows.length === atOnce ? rows.at(-1) : undefined;
  return {
    rows: rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name] ?? null]))),
    last: last && key.map((_, at) => last[`key_${at}`] as string | number),
  };
}
