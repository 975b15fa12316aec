import { whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { Company } from '../companies/schema.ts';
import { windowDays, type SignInDay, type UserCount } from './rules.ts';

/** Increments today's counter. Call it last: all sign-ins of a company contend for one row until their commit. */
export async function countSignIn(tx: Tx, company_id: string | null, outcome: 'signed_in' | 'failed'): Promise<void> {
  await tx('sign_in_counts')
    .insert({ company_id, day: tx.raw('current_date'), [outcome]: 1 })
    .onConflict(['company_id', 'day'])
    .merge({ [outcome]: tx.raw('sign_in_counts.?? + 1', [outcome]) });
}

export const countUsers = async (db: Db, scope: Scope): Promise<UserCount[]> =>
  whereCompany(db('user_counts'), scope)
    .select('role', 'is_active')
    .sum({ count: 'users' })
    .groupBy('role', 'is_active');

export const countCompanies = async (db: Db, scope: Scope): Promise<{ status: Company['status']; count: number }[]> =>
  whereCompany(db('companies'), scope, 'id').select('status').count({ count: '*' }).groupBy('status');

const windowStart = (db: Db) => db.raw('now() - make_interval(days => ?)', [windowDays]);

/** @param options.companiesOnly excludes superusers, who have no company */
export async function countNewUsers(
  db: Db,
  scope: Scope,
  { companiesOnly }: { companiesOnly: boolean },
): Promise<number> {
  const query = whereCompany(db('users'), scope).where('created_at', '>=', windowStart(db));
  if (companiesOnly) void query.whereNotNull('company_id');
  const [row] = (await query.count({ count: '*' })) as [{ count: number }];
  return row.count;
}

export async function countNewCompanies(db: Db, scope: Scope): Promise<number> {
  const query = whereCompany(db('companies'), scope, 'id').where('created_at', '>=', windowStart(db));
  const [row] = (await query.count({ count: '*' })) as [{ count: number }];
  return row.count;
}

/** Lists the days (UTC) of the window that had sign-in attempts. */
export const listSignInDays = async (db: Db, scope: Scope): Promise<SignInDay[]> =>
  whereCompany(db('sign_in_counts'), scope)
    .select('day as date')
    .sum({ signed_in: 'signed_in', failed: 'failed' })
    .where('day', '>', db.raw('current_date - ?::int', [windowDays]))
    .groupBy('day');
