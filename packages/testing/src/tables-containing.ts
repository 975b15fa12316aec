import type { Db } from '@clientela/db';

/** The tables of a database, outside PostgreSQL's own, of which some row says a text: what is erased is said nowhere. */
export async function tablesContaining(db: Db, text: string): Promise<string[]> {
  const { rows }: { rows: { name: string }[] } = await db.raw(
    `select format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
      order by 1`,
  );
  const holding: string[] = [];
  for (const { name } of rows) {
    const found = await db.raw(`select 1 from ${name} as row where strpos(row::text, ?) > 0 limit 1`, [text]);
    if (found.rows.length > 0) holding.push(name.replace(/^public\./, ''));
  }
  return holding;
}
