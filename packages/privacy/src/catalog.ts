import type { Db } from '@clientela/db';

export type ColumnClass = 'personal' | 'sensitive' | 'business' | 'technical';
export type Column = {
  name: string;
  class: ColumnClass;
  /** The name of its type in PostgreSQL. */
  type: string;
  nullable: boolean;
  /** Computed by the database from other columns. */
  generated: boolean;
  /** Position in the primary key; null outside it. */
  keyPosition: number | null;
};
export type Catalog = ReadonlyMap<string, readonly Column[]>;

/**
 * Reads the columns of every table, in order, with the class in their comments. Never cached: a migration may add a column while this
 * process runs, and that column must be erased too.
 */
export async function readCatalog(db: Db): Promise<Catalog> {
  const { rows }: { rows: (Column & { table: string })[] } = await db.raw(
    `select c.relname as table, a.attname as name, split_part(col_description(c.oid, a.attnum), ':', 1) as class,
            format_type(a.atttypid, null) as type, not a.attnotnull as nullable, a.attgenerated <> '' as generated,
            array_position(i.indkey::int2[], a.attnum)::int as "keyPosition"
       from pg_class c
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_index i on i.indrelid = c.oid and i.indisprimary
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
      order by c.relname, a.attnum`,
  );
  const columns = rows.map(({ table, ...column }) => ({ table, column }));
  return new Map(
    Map.groupBy(columns, ({ table }) => table)
      .entries()
      .map(([table, tableColumns]) => [table, tableColumns.map(({ column }) => column)]),
  );
}

/** @throws Error for an unknown table: the inventory is wrong */
export function columnsOf(catalog: Catalog, table: string): readonly Column[] {
  const columns = catalog.get(table);
  if (!columns) throw new Error(`table ${table} does not exist`);
  return columns;
}

/** Lists the columns of a table's primary key, in key order. */
export const primaryKeyOf = (columns: readonly Column[]): string[] =>
  columns
    .filter(({ keyPosition }) => keyPosition !== null)
    .toSorted((a, b) => (a.keyPosition as number) - (b.keyPosition as number))
    .map(({ name }) => name);

export const isPersonal = (column: Column): boolean => column.class === 'personal' || column.class === 'sensitive';

/**
 * Returns the empty value of a column.
 * @throws Error when its type has none: the inventory must give one
 */
export function blankValue({ name, nullable, type }: Column): string | null {
  if (nullable) return null;
  if (type === 'text' || type === 'character varying' || type === 'citext' || type === 'bytea') return '';
  if (type === 'json' || type === 'jsonb' || type.endsWith('[]')) return '{}';
  throw new Error(`${name} cannot be blanked: it is ${type} and not null`);
}

/** Returns what anonymising sets, by column. Leaves out generated columns: the database recomputes them. */
export const blankValues = (
  columns: readonly Column[],
  overrides: Readonly<Record<string, string | number | boolean | null>> = {},
): Record<string, string | number | boolean | null> => ({
  ...Object.fromEntries(
    columns
      .filter((column) => isPersonal(column) && !column.generated && !(column.name in overrides))
      .map((column) => [column.name, blankValue(column)]),
  ),
  ...overrides,
});
