import type { Person } from '@clientela/contracts';
import type { Db, Query } from '@clientela/db';
import { matchValues, type TablePolicy } from './inventory.ts';

/** Values of a primary key's columns, in its order. */
export type Keyset = readonly (string | number)[];

/** The person's rows of a table; undefined when the person can have none there. */
export function personRows(db: Db, table: TablePolicy, person: Person): Query | undefined {
  const wanted = matchValues(table, person);
  if (wanted.length === 0) return undefined;
  const found = db(table.table).where((rows) => {
    for (const values of wanted) void rows.orWhere(values);
  });
  for (const [column, id] of Object.entries(table.except ?? {}))
    if (person[id] !== null) void found.whereRaw('?? is distinct from ?', [column, person[id]]);
  return found;
}

const compareKey = (db: Db, sign: '>' | '<=', key: readonly string[], values: Keyset) =>
  db.raw(`(${key.map(() => '??').join(', ')}) ${sign} (${values.map(() => '?').join(', ')})`, [...key, ...values]);

export const isAfterKey = (db: Db, key: readonly string[], values: Keyset) => compareKey(db, '>', key, values);
export const isUpToKey = (db: Db, key: readonly string[], values: Keyset) => compareKey(db, '<=', key, values);
