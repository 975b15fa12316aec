import type { Knex } from 'knex';

/** Whose records a list may show: one company's, or (a superuser's list only) every company's. */
export type Scope = { company_id: string } | { all: true };

/** Narrows a query to its scope. */
export const whereCompany = <Q extends Knex.QueryBuilder>(query: Q, scope: Scope, column = 'company_id'): Q =>
  'all' in scope ? query : (query.where(column, scope.company_id) as Q);
