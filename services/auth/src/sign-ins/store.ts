import { execute, executeLater, type Db, type NamedStatement, type Tx } from '@clientela/db';
import type { Credentials } from '../accounts/schema.ts';
import { userColumns, type StoredUser } from '../accounts/store.ts';
import { shareCompanyRowLater } from '../companies/store.ts';

/** A user's stored password hash; null for a user without a password. */
export type StoredCredentials = { id: string; company_id: string | null; password_hash: string | null };

/** What the sign-in of a locked user depends on; nothing of one that does not exist is true. */
export type LockedUser = { isKnown: boolean; isLockedOut: boolean; isCompanyActive: boolean; hasFactor: boolean };

const findCredentialsBy = (key: string, condition: string): NamedStatement => ({
  name: `find_credentials_by_${key}`,
  text: `select id, company_id, password_hash from users where ${condition}`,
});
const byEmail = findCredentialsBy('email', 'email_key = lower($1)');
const byUsername = findCredentialsBy('username', 'lower(username) = lower($1)');
const byId = findCredentialsBy('id', 'id = $1');

/** Finds credentials by e-mail or username, ignoring case. */
export async function findCredentialsByLogin(db: Db, login: Credentials): Promise<StoredCredentials | undefined> {
  const email = login.email ?? login.ds_user_email;
  const value = login.username ?? email ?? login.username_or_email ?? '';
  const isEmail = email !== undefined || (login.username === undefined && value.includes('@')); // a username has no @
  const [found] = await execute<StoredCredentials>(db, isEmail ? byEmail : byUsername, [value]);
  return found;
}

export const findCredentials = async (db: Db, id: string): Promise<StoredCredentials | undefined> =>
  (await execute<StoredCredentials>(db, byId, [id]))[0];

// Lockout policy: 5 failures within 15 minutes lock a user for their network for 15 minutes; 50 failures within an hour from anywhere
// lock it for 15 minutes for networks without a sign-in in the last 30 days. A row stores failures up to the one before the lockout.

const lockoutInterval = `interval '15 minutes'`;

/** Whether the user $1 is locked out from the network $2 now. */
const lockedOut = `(
  exists (select from sign_in_failures_by_network where user_id = $1 and network = $2 and locked_until > clock_timestamp())
  or exists (select from sign_in_failures where user_id = $1 and locked_until > clock_timestamp())
     and not exists (select from sign_in_networks
                      where user_id = $1 and network = $2 and latest_at > now() - interval '30 days'))`;

const lockUserRow: NamedStatement = {
  name: 'lock_user_row',
  text: 'select from users where id = $1 for no key update',
};
// The left join finds a lockout for unknown users too, so that both take the same work.
const readLockedUser: NamedStatement = {
  name: 'read_locked_user',
  text: `select u.id is not null as "isKnown", ${lockedOut} as "isLockedOut", u.mfa_since is not null as "hasFactor",
      u.id is not null and (u.company_id is null or c.status is not distinct from 'active') as "isCompanyActive"
    from (select $1::uuid as id) as given left join users u on u.id = given.id left join companies c on c.id = u.company_id`,
};

/**
 * Serializes sign-in attempts of a user until the transaction ends, so that each one sees the failures before it. Locks the user's company
 * first, so that closing it waits and then ends the new session. For an unknown user it runs the same statements.
 */
export async function lockSignInAttempts(
  tx: Tx,
  { id, company_id }: Pick<StoredCredentials, 'id' | 'company_id'>,
  network: string,
): Promise<LockedUser> {
  shareCompanyRowLater(tx, company_id ?? id); // no company has the id of a user
  executeLater(tx, lockUserRow, [id]);
  const [user] = await execute<LockedUser>(tx, readLockedUser, [id, network]); // reads what was committed until the locks were given
  return user as LockedUser;
}

const updateSignedIn: NamedStatement = {
  name: 'update_signed_in',
  text: `with u as (
      update users set last_login = now(), password_hash = coalesce($4, password_hash)
       where id = $1 and is_active and ($2::boolean or password_hash is not distinct from $3) returning *)
    select ${userColumns} from u left join companies c on c.id = u.company_id`,
};

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
  const isUnverified = password_hash === undefined; // the user proved something else in this request
  const values = [id, isUnverified, password_hash ?? null, rehashed ?? null];
  return (await execute<StoredUser>(tx, updateSignedIn, values))[0];
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

const findLockout: NamedStatement = { name: 'find_lockout', text: `select ${lockedOut} as is_locked` };

/** Finds whether a user is locked out from a network now. */
export async function isLockedOut(tx: Tx, user_id: string, network: string): Promise<boolean> {
  const [row] = await execute<{ is_locked: boolean }>(tx, findLockout, [user_id, network]);
  return row?.is_locked ?? false;
}

// Locks rows in the order of `recordSuccess`. A failure during a lockout does not extend it.
const upsertFailure = (table: string, key: string, maxStored: number, within: string): NamedStatement => ({
  name: `upsert_${table}`,
  text: `insert into ${table} as stored (${key}, failed_at)
  select ${key.replace('user_id', 'id').replace('network', '$2')}, array[clock_timestamp()] from users where id = $1
  on conflict (${key}) do update set
    latest_at = clock_timestamp(),
    locked_until = case when stored.locked_until > clock_timestamp() then stored.locked_until
                        when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then clock_timestamp() + ${lockoutInterval} end,
    failed_at = case when stored.locked_until > clock_timestamp() then stored.failed_at
                     when stored.failed_at[${maxStored}] > clock_timestamp() - ${within} then '{}'
                     else (array[clock_timestamp()] || stored.failed_at)[1:${maxStored}] end`,
});

const upsertNetworkFailure = upsertFailure(
  'sign_in_failures_by_network',
  'user_id, network',
  4,
  `interval '15 minutes'`,
);
const upsertUserFailure = upsertFailure('sign_in_failures', 'user_id', 49, `interval '1 hour'`);

/** Counts a failed attempt, with the transaction's next statement. For an unknown user it runs the same statements and stores nothing. */
export function recordFailure(tx: Tx, user_id: string, network: string): void {
  executeLater(tx, upsertNetworkFailure, [user_id, network]);
  executeLater(tx, upsertUserFailure, [user_id]);
}

const deleteNetworkFailures: NamedStatement = {
  name: 'delete_network_failures',
  text: 'delete from sign_in_failures_by_network where user_id = $1 and network = $2',
};
const upsertKnownNetwork: NamedStatement = {
  name: 'upsert_known_network',
  text: `insert into sign_in_networks (user_id, network) values ($1, $2)
    on conflict (user_id, network) do update set latest_at = now()`,
};

/** Clears the failures of the network and marks it as known, with the transaction's next statement. */
export function recordSuccess(tx: Tx, user_id: string, network: string): void {
  executeLater(tx, deleteNetworkFailures, [user_id, network]);
  executeLater(tx, upsertKnownNetwork, [user_id, network]);
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
