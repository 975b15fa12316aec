import type { Db } from '@clientela/db';

/** Lists the tables, apart from PostgreSQL's own, in which a row contains a text, or one of several. */
export async function tablesContaining(db: Db, texts: string | readonly string[]): Promise<string[]> {
  const { rows }: { rows: { name: string }[] } = await db.raw(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
      order by 1`,
  );
  const tables: string[] = [];
  for (const { name } of rows) {
    const match = await db.raw(
      `select 1 from ${name} as row, unnest(?::text[]) as wanted where strpos(row::text, wanted) > 0 limit 1`,
      [[texts].flat()],
    );
    if (match.rows.length > 0) tables.push(name.replace(/^public\./, ''));
  }
  return tables;
}
