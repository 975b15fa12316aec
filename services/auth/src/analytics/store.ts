import { whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { Company } from '../companies/schema.ts';
import { days, type SignInDay, type UserCount } from './rules.ts';

/** Adds a sign-in, or a failed one, to its day; the last statement of its transaction, as all of a company share a row. */
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

const lately = (db: Db) => db.raw('now() - make_interval(days => ?)', [days]);

/** @param companies_only whether superusers, who have no company, are left out */
export async function countNewUsers(db: Db, scope: Scope, companies_only: boolean): Promise<number> {
  const found = whereCompany(db('users'), scope).where('created_at', '>=', lately(db));
  if (companies_only) void found.whereNotNull('company_id');
  const [counted] = (await found.count({ count: '*' })) as [{ count: number }];
  return counted.count;
}

export async function countNewCompanies(db: Db, scope: Scope): Promise<number> {
  const found = whereCompany(db('companies'), scope, 'id').where('created_at', '>=', lately(db));
  const [counted] = (await found.count({ count: '*' })) as [{ count: number }];
  return counted.count;
}

/** The last days on which anybody tried to sign in, by their dates (UTC). */
export const listSignInDays = async (db: Db, scope: Scope): Promise<SignInDay[]> =>
  whereCompany(db('sign_in_counts'), scope)
    .select('day as date')
    .sum({ signed_in: 'signed_in', failed: 'failed' })
    .where('day', '>', db.raw('current_date - ?::int', [days]))
    .groupBy('day');
