import type { Person } from '@clientela/contracts';
import type { Db, Query } from '@clientela/db';
import { matchValues, type TablePolicy } from './inventory.ts';

/** Selects the person's rows of a table; undefined when no match applies to the person. */
export function personRows(db: Db, table: TablePolicy, person: Person): Query | undefined {
  const matches = matchValues(table, person);
  if (matches.length === 0) return undefined;
  const query = db(table.table).where((rows) => {
    for (const values of matches) void rows.orWhere(values);
  });
  for (const [column, id] of Object.entries(table.except ?? {}))
    if (person[id] !== null) void query.whereRaw('?? is distinct from ?', [column, person[id]]);
  return query;
}
