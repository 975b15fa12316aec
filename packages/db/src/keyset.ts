import type { Knex } from 'knex';

/** Values of a row's sort columns, in their order. */
export type KeysetValues = readonly (string | number)[];

/**
 * Compares a row's sort columns with the position of another row (keyset pagination): `>` continues a list in ascending, `<` in descending
 * order. The columns must be unique together, never null, and share one direction.
 */
export const whereKeyset = <Q extends Knex.QueryBuilder>(
  query: Q,
  columns: readonly string[],
  operator: '<' | '<=' | '>' | '>=',
  values: KeysetValues,
): Q => {
  const names = columns.map(() => '??').join(', ');
  const placeholders = values.map(() => '?').join(', ');
  return query.whereRaw(`(${names}) ${operator} (${placeholders})`, [...columns, ...values]) as Q;
};
