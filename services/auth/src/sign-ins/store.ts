import type { Db, Tx } from '@clientela/db';
import type { Credentials } from '../accounts/schema.ts';
import { findUser, type StoredUser } from '../accounts/store.ts';

/** What a sign-in is held against. */
export type SignInRecord = { id: string; company_id: string | null; password_hash: string };

const record = (db: Db) => db('users').select('id', 'company_id', 'password_hash');

/** By e-mail or username, without regard to case. */
export async function findForSignIn(db: Db, given: Credentials): Promise<SignInRecord | undefined> {
  const [column, value] = given.username
    ? (['username', given.username] as const)
    : (['email', given.email ?? given.ds_user_email ?? ''] as const);
  return record(db).whereRaw(`lower(${column}) = lower(?)`, [value]).first();
}

export const findPassword = async (db: Db, id: string): Promise<SignInRecord | undefined> =>
  record(db).where({ id }).first();

/**
 * Notes a sign-in.
 * @param renewed the hash to keep from now on
 * @returns undefined when the user may not sign in: inactive, of a company that is not active, or its password has changed meanwhile
 */
export async function noteSignIn(
  tx: Tx,
  { id, company_id, password_hash }: SignInRecord,
  renewed: string | undefined,
): Promise<StoredUser | undefined> {
  // Held until the session is there: who closes the company then sees the session, and ends it. The company comes before its users.
  const company =
    company_id === null ? undefined : await tx('companies').where({ id: company_id }).forShare().first('status');
  if (company && company.status !== 'active') return undefined;
  const noted = await tx('users')
    .where({ id, password_hash, is_active: true })
    .update({ last_login: tx.fn.now(), ...(renewed !== undefined && { password_hash: renewed }) });
  return noted === 0 ? undefined : findUser(tx, id);
}

// 5 failures within 15 minutes lock a user for the network they came from for 15 minutes; 50 within an hour from anywhere lock it for
// 15 minutes for networks from which it has not signed in within 30 days. Each row keeps the failures before the one that locks.

const lock = `interval '15 minutes'`;

/** Until the transaction ends, nobody else's try at this user is judged: of many at once, each knows of those before it. */
export const judgeInTurn = (tx: Tx, user_id: string) =>
  tx.raw(`select pg_advisory_xact_lock(hashtextextended('sign in ' || ?, 0))`, [user_id]);

/**
 * Whether a user may not sign in from a network now, however right the password is; and whether there still is that user.
 */
export async function standingOf(
  tx: Tx,
  user_id: string,
  network: string,
): Promise<{ locked: boolean; there: boolean }> {
  const { rows } = await tx.raw<{ rows: [{ locked: boolean; there: boolean }] }>(
    `select exists (select 1 from users where id = :user_id) as there,
            exists (select 1 from sign_in_failures_by_network
                     where user_id = :user_id and network = :network and locked_until > clock_timestamp())
         or exists (select 1 from sign_in_failures where user_id = :user_id and locked_until > clock_timestamp())
            and not exists (select 1 from sign_in_networks
                             where user_id = :user_id and network = :network and latest_at > now() - interval '30 days') as locked`,
    { user_id, network },
  );
  return rows[0];
}

// In the order of the locks of `noteSuccess`. A failure that met a lock which came meanwhile prolongs nothing.
const failure = (table: string, key: string, before: number, within: string) => `
  insert into ${table} as kept (${key}, failed_at)
  select ${key.replace('user_id', 'id').replace('network', ':network')}, array[clock_timestamp()] from users where id = :user_id
  on conflict (${key}) do update set
    latest_at = clock_timestamp(),
    locked_until = case when kept.locked_until > clock_timestamp() then kept.locked_until
                        when kept.failed_at[${before}] > clock_timestamp() - ${within} then clock_timestamp() + ${lock} end,
    failed_at = case when kept.locked_until > clock_timestamp() then kept.failed_at
                     when kept.failed_at[${before}] > clock_timestamp() - ${within} then '{}'
                     else (array[clock_timestamp()] || kept.failed_at)[1:${before}] end`;

const byNetwork = failure('sign_in_failures_by_network', 'user_id, network', 4, `interval '15 minutes'`);
const inAll = failure('sign_in_failures', 'user_id', 49, `interval '1 hour'`);

/** Counts a wrong password; of a user that does not exist nothing is kept, for the same work. */
export async function noteFailure(tx: Tx, user_id: string, network: string): Promise<void> {
  await tx.raw(byNetwork, { user_id, network });
  await tx.raw(inAll, { user_id });
}

/** A sign-in forgets the failures that came from there, and makes the network a known one. */
export async function noteSuccess(tx: Tx, user_id: string, network: string): Promise<void> {
  await tx('sign_in_failures_by_network').where({ user_id, network }).delete();
  await tx.raw(
    `insert into sign_in_networks (user_id, network) values (:user_id, :network)
     on conflict (user_id, network) do update set latest_at = now()`,
    { user_id, network },
  );
}

/** Removes what decides nothing any more. */
export async function forgetOldFailures(db: Db): Promise<void> {
  for (const [table, after] of [
    ['sign_in_failures_by_network', '1 hour'],
    ['sign_in_failures', '2 hours'],
    ['sign_in_networks', '30 days'],
  ] as const) {
    await db(table).whereRaw('latest_at < now() - ?::interval', [after]).delete();
  }
}
