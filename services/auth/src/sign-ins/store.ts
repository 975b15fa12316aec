import type { Db, Tx } from '@clientela/db';
import type { Credentials } from '../accounts/schema.ts';
import { findUser, type StoredUser } from '../accounts/store.ts';
import { shareCompanyRow } from '../companies/store.ts';

/** A user's stored password hash; null for a user without a password. */
export type StoredCredentials = { id: string; company_id: string | null; password_hash: string | null };

/** What a locked user's sign-in depends on. */
export type LockedUser = { isCompanyActive: boolean; hasFactor: boolean };

const selectCredentials = (db: Db) => db('users').select('id', 'company_id', 'password_hash');

/** Finds credentials by e-mail or username, ignoring case. */
export async function findCredentialsByLogin(db: Db, login: Credentials): Promise<StoredCredentials | undefined> {
  const email = login.email ?? login.ds_user_email;
  const value = login.username ?? email ?? login.username_or_email ?? '';
  const isEmail = email !== undefined || (login.username === undefined && value.includes('@')); // a username has no @
  return selectCredentials(db)
    .whereRaw(`${isEmail ? 'email_key' : 'lower(username)'} = lower(?)`, [value])
    .first();
}

export const findCredentials = async (db: Db, id: string): Promise<StoredCredentials | undefined> =>
  selectCredentials(db).where({ id }).first();

/**
 * Serializes sign-in attempts of a user until the transaction ends, so that each one sees the failures before it. Locks the user's company
 * first, so that closing it waits and then ends the new session. For an unknown user it runs the same statements.
 * @returns undefined when the user does not exist
 */
export async function lockSignInAttempts(
  tx: Tx,
  { id, company_id }: Pick<StoredCredentials, 'id' | 'company_id'>,
): Promise<LockedUser | undefined> {
  const status = await shareCompanyRow(tx, company_id ?? id); // no company has the id of a user
  const user = await tx('users')
    .where({ id })
    .forNoKeyUpdate()
    .first<{ mfa_since: string | null } | undefined>('id', 'mfa_since');
  return user && { isCompanyActive: company_id === null || status === 'active', hasFactor: user.mfa_since !== null };
}

/**
 * Updates last_login, and the password hash when it was rehashed.
 * @param rehashed the new hash to store, if any
 * @returns undefined when the user is inactive, or the password has changed since it was verified
 */
export async function recordSignIn(
  tx: Tx,
  { id, password_hash }: Pick<StoredCredentials, 'id'> & Partial<StoredCredentials>,
  rehashed: string | undefined,
): Promise<StoredUser | undefined> {
  const updated = await tx('users')
    .where({ id, is_active: true, ...(password_hash !== undefined && { password_hash }) })
    .update({ last_login: tx.fn.now(), ...(rehashed !== undefined && { password_hash: rehashed }) });
  return updated === 0 ? undefined : findUser(tx, id);
}

/** Does the same for a sign-in that goes on, which is none yet: last_login stays. @returns whether it may go on */
export const recordFirstStep = async (
  tx: Tx,
  { id, password_hash }: StoredCredentials,
  rehashed: string | undefined,
): Promise<boolean> =>
  (await tx('users')
    .where({ id, password_hash, is_active: true })
    .update({ password_hash: rehashed ?? password_hash })) > 0;

// Lockout policy: 5 failures within 15 minutes lock a user for their network for 15 minutes; 50 failures within an hour from anywhere
// lock it for 15 minutes for networks without a sign-in in the last 30 days. A row stores failures up to the one before the lockout.

const lockoutInterval = `interval '15 minutes'`;

/** Finds whether a user is locked out from a network now. */
export async function isLockedOut(tx: Tx, user_id: string, network: string): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: [{ is_locked: boolean }] }>(
    `select exists (select 1 from sign_in_failures_by_network
                     where user_id = :user_id and network = :network and locked_until > clock_timestamp())
         or exists (select 1 from sign_in_failures where user_id = :user_id and locked_until > clock_timestamp())
            and not exists (select 1 from sign_in_networks
                             where user_id = :user_id and network = :network and latest_at > now() - interval '30 days') as is_locked`,
    { user_id, network },
  );
  return rows[0].is_locked;
}

// Locks rows in the order of `recordSuccess`. A failure during a lockout does not extend it.
const upsertFailure = (table: string, key: string, maxStored: number, within: string) => `
  insert into ${table} as stored (${key}, failed_at)
  select ${key.replace('user_id', 'id').replace('network', ':network')}, array[clock_timestamp()] from users where id = :user_id
  on conflict (${key}) do update set
    latest_at = clock_timestamp(),
    locked_until = case when stored.locked_until > clock_timestamp() then stored.locked_until
                        when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then clock_timestamp() + ${lockoutInterval} end,
    failed_at = case when stored.locked_until > clock_timestamp() then stored.failed_at
                     when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then '{}'
                     else (array[clock_timestamp()] || stored.failed_at)[1:${maxStored}] end`;

const upsertNetworkFailure = upsertFailure(
  'sign_in_failures_by_network',
  'user_id, network',
  4,
  `interval '15 minutes'`,
);
const upsertUserFailure = upsertFailure('sign_in_failures', 'user_id', 49, `interval '1 hour'`);

/** Counts a failed attempt. For an unknown user it runs the same statements and stores nothing. */
export async function recordFailure(tx: Tx, user_id: string, network: string): Promise<void> {
  await tx.raw(upsertNetworkFailure, { user_id, network });
  await tx.raw(upsertUserFailure, { user_id });
}

/** Clears the failures of the network and marks it as known. */
export async function recordSuccess(tx: Tx, user_id: string, network: string): Promise<void> {
  await tx('sign_in_failures_by_network').where({ user_id, network }).delete();
  await tx.raw(
    `insert into sign_in_networks (user_id, network) values (:user_id, :network)
     on conflict (user_id, network) do update set latest_at = now()`,
    { user_id, network },
  );
}

/** Clears all failures of a user, who has proved to read the mails of the account. */
export async function clearFailures(tx: Tx, user_id: string): Promise<void> {
  await tx('sign_in_failures_by_network').where({ user_id }).delete();
  await tx('sign_in_failures').where({ user_id }).delete();
}

/** Deletes failures and networks that no longer affect a lockout. */
export async function purgeOldFailures(db: Db): Promise<void> {
  for (const [table, after] of [
    ['sign_in_failures_by_network', '1 hour'],
    ['sign_in_failures', '2 hours'],
    ['sign_in_networks', '30 days'],
  ] as const) {
    await db(table).whereRaw('latest_at < now() - ?::interval', [after]).delete();
  }
}
