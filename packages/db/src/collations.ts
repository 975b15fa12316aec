import type { Db } from './connect.ts';

type Outdated = { rows: { name: string; recorded: string; actual: string; indexes: string[] }[] };

/**
 * Finds indexes in an order of ICU whose version differs from the server's: after an upgrade of the operating system or a copy of the files
 * to another one, they may miss rows.
 * @returns one sentence for each collation
 */
export async function findOutdatedCollations(db: Db): Promise<string[]> {
  const { rows } = await db.raw<Outdated>(
    `select collname as name, collversion as recorded, pg_collation_actual_version(c.oid) as actual,
            (select array_agg(distinct indexrelid::regclass::text order by indexrelid::regclass::text) from pg_index where c.oid = any(indcollation)) as indexes
       from pg_collation c where collprovider = 'i' and collversion is distinct from pg_collation_actual_version(c.oid)
        and exists (select from pg_index where c.oid = any(indcollation)) order by 1`,
  );
  return rows.map(
    ({ name, recorded, actual, indexes }) =>
      `the collation ${name} is of version ${actual}, the database was made with ${recorded}: ` +
      `reindex ${indexes.join(', ')}, then refresh the version (docs/operations.md)`,
  );
}
