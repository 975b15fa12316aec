import type { Db } from '@clientela/db';

export type ColumnClass = 'personal' | 'sensitive' | 'business' | 'technical';
export type Column = {
  name: string;
  class: ColumnClass;
  /** As PostgreSQL calls it. */
  type: string;
  nullable: boolean;
  /** Computed by the database from other columns. */
  generated: boolean;
  /** Its place in the primary key. */
  keyPosition: number | null;
};
export type Catalog = ReadonlyMap<string, readonly Column[]>;

/**
 * The columns of every table, in their order, with the class that their comment says. Read for each call: a migration may add a column
 * while this process runs, and that one is to be erased as well.
 */
export async function readCatalog(db: Db): Promise<Catalog> {
  const { rows }: { rows: (Column & { table: string })[] } = await db.raw(
    `select c.relname as table, a.attname as name, split_part(col_description(c.oid, a.attnum), ':', 1) as class,
            format_type(a.atttypid, null) as type, not a.attnotnull as nullable, a.attgenerated <> '' as generated,
            array_position(i.indkey::int2[], a.attnum)::int as place
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

/** @throws Error for a table that is not there: the service's list is wrong */
export function columnsOf(catalog: Catalog, table: string): readonly Column[] {
  const columns = catalog.get(table);
  if (!columns) throw new Error(`there is no table ${table}`);
  return columns;
}

/** The columns of a table's primary key, in its order. */
export const primaryKeyOf = (columns: readonly Column[]): string[] =>
  columns
    .filter(({ keyPosition }) => keyPosition !== null)
    .toSorted((a, b) => (a.keyPosition as number) - (b.keyPosition as number))
    .map(({ name }) => name);

export const isPersonal = (column: Column): boolean => column.class === 'personal' || column.class === 'sensitive';

/**
 * What a column holds when it says nothing.
 * @throws Error when there is no such value: the list must give one
 */
export function blankValue({ name, nullable, type }: Column): string | null {
  if (nullable) return null;
  if (type === 'text' || type === 'character varying' || type === 'citext' || type === 'bytea') return '';
  if (type === 'json' || type === 'jsonb' || type.endsWith('[]')) return '{}';
  throw new Error(`${name} cannot be blanked: it is ${type} and not null`);
}

/** What erasing sets, where rows stay: column by column. Those that the database computes follow by themselves. */
export const blankValues = (
  columns: readonly Column[],
  set: Readonly<Record<string, string | number | boolean | null>> = {},
): Record<string, string | number | boolean | null> => ({
  ...Object.fromEntries(
    columns
      .filter((column) => isPersonal(column) && !column.generated && !(column.name in set))
      .map((column) => [column.name, blankValue(column)]),
  ),
  ...set,
});
