import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';

export type Total = { total: number; total_is_estimate?: true };

/** Totals beyond this many are not counted. */
export const exactUpTo = 10_000;

/** How many customers there are, from the kept counts: exact, however many. */
export async function countKept(
  db: Db,
  scope: Scope,
  { active_only, status, type }: Pick<Listing, 'active_only' | 'status' | 'type'>,
): Promise<number> {
  const counts = whereCompany(db('customer_counts'), scope).sum({ total: 'customers' });
  if (active_only !== false) void counts.where('deleted', false);
  if (active_only ?? !status) void counts.where('status', 'active');
  if (status) void counts.where('status', status);
  if (type) void counts.where('type', type);
  const [found] = (await counts) as [{ total: string | null }];
  return Number(found.total ?? 0);
}

/** How large a part of the customers of all companies some are, as far as PostgreSQL knows. */
export async function share(db: Db, scope: Scope, there: number): Promise<number> {
  if ('all' in scope) return 1;
  const all: { reltuples: number }[] = await db('pg_class').select('reltuples').whereRaw(`oid = 'customers'::regclass`);
  const [{ reltuples } = { reltuples: 0 }] = all;
  return reltuples > 0 ? there / reltuples : 0;
}

/** More than are counted, and not more than there can be. */
export const estimated = (estimate: number, most: number): Total => ({
  total: Math.max(exactUpTo + 1, Math.min(Math.round(estimate), most)),
  total_is_estimate: true,
});

/** How many rows the planner expects. */
export async function expectedRows(db: Db, rows: Query): Promise<number> {
  const { sql, bindings } = rows.clone().select(db.raw('1')).toSQL();
  const answer = await db.raw<Plans>(`explain (format json) ${sql}`, bindings as string[]);
  return answer.rows[0]?.['QUERY PLAN'][0]?.Plan['Plan Rows'] ?? 0;
}

type Plans = { rows: { 'QUERY PLAN': { Plan: { 'Plan Rows': number } }[] }[] };
