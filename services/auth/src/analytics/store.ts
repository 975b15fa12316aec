import { executeLater, whereCompany, type Db, type NamedStatement, type Scope, type Tx } from '@clientela/db';
import type { Company } from '../companies/schema.ts';
import { windowDays, type SignInDay, type UserCount } from './rules.ts';

const addSignIn: NamedStatement = {
  name: 'add_sign_in',
  text: `insert into sign_in_counts as stored (company_id, day, signed_in, failed) values ($1, current_date, $2, $3)
    on conflict (company_id, day) do update
      set signed_in = stored.signed_in + excluded.signed_in, failed = stored.failed + excluded.failed`,
};

/** Increments today's counter with COMMIT. Call it last: all sign-ins of a company contend for one row until then. */
export const countSignIn = (tx: Tx, company_id: string | null, outcome: 'signed_in' | 'failed'): void =>
  executeLater(tx, addSignIn, [company_id, outcome === 'signed_in' ? 1 : 0, outcome === 'failed' ? 1 : 0]);

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
