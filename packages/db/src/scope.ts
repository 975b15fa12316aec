import type { Knex } from 'knex';

/** The companies whose records a list shows: one, or (for a superuser's list only) all. */
export type Scope = { company_id: string } | { all: true };

/** Narrows a query to its scope. */
export const whereCompany = <Q extends Knex.QueryBuilder>(query: Q, scope: Scope, column = 'company_id'): Q =>
  'all' in scope ? query : (query.where(column, scope.company_id) as Q);
