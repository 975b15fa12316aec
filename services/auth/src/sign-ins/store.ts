import { execute, executeLater, type Db, type NamedStatement, type Tx } from '@clientela/db';
import type { Credentials } from '../accounts/schema.ts';
import { userColumns, type StoredUser } from '../accounts/store.ts';
import { shareCompanyRowLater } from '../companies/store.ts';

/** A user's stored password hash; null for a user without a password. */
export type StoredCredentials = { id: string; company_id: string | null; password_hash: string | null };

/** A user with its password hash, and the time of the database when it was read. */
export type UserWithHash = { user: StoredUser; password_hash: string | null; now: string };

/** Whether an account is locked for a network, and its user; undefined for an unknown one. */
export type SignInState = { isLockedOut: boolean; found: UserWithHash | undefined };

const byId: NamedStatement = {
  name: 'find_credentials_by_id',
  text: 'select id, company_id, password_hash from users where id = $1',
};

export const findCredentials = async (db: Db, id: string): Promise<StoredCredentials | undefined> =>
  (await execute<StoredCredentials>(db, byId, [id]))[0];

// Lockout policy: 5 failures within 15 minutes lock a user for their network for 15 minutes; 50 failures within an hour from anywhere
// lock it for 15 minutes for networks without a sign-in in the last 30 days. A row stores failures up to the one before the lockout.

const lockoutInterval = `interval '15 minutes'`;

/** Whether a user is locked out from the network $2 now. */
const lockedOut = (id: string) => `(
  exists (select from sign_in_failures_by_network where user_id = ${id} and network = $2 and locked_until > clock_timestamp())
  or exists (select from sign_in_failures where user_id = ${id} and locked_until > clock_timestamp())
     and not exists (select from sign_in_networks
                      where user_id = ${id} and network = $2 and latest_at > now() - interval '30 days'))`;

// The left join returns a row for unknown users too, so that both take the same work.
const readState = (key: string, id: string, type: string, condition: string): NamedStatement => ({
  name: `read_sign_in_state_by_${key}`,
  text: `select ${userColumns}, u.password_hash, ${lockedOut(id)} as "isLockedOut", now()::timestamptz(3) as now
    from (select $1::${type} as given) as given left join users u on ${condition} left join companies c on c.id = u.company_id`,
});
const stateByEmail = readState('email', 'u.id', 'text', 'u.email_key = lower(given)');
const stateByUsername = readState('username', 'u.id', 'text', 'lower(u.username) = lower(given)');
const stateById = readState('id', '$1', 'uuid', 'u.id = given');

async function readSignInState(db: Db | Tx, by: NamedStatement, key: string, network: string): Promise<SignInState> {
  const [row] = await execute<Omit<UserWithHash, 'user'> & StoredUser & { isLockedOut: boolean }>(db, by, [
    key,
    network,
  ]);
  if (!row) throw new Error('The row of an attempt is missing');
  const { isLockedOut, password_hash, now, ...user } = row;
  return { isLockedOut, found: (user.id as string | null) === null ? undefined : { user, password_hash, now } };
}

/** Finds a user by e-mail or username, ignoring case. */
export function findSignInState(db: Db, login: Credentials, network: string): Promise<SignInState> {
  const email = login.email ?? login.ds_user_email;
  const value = login.username ?? email ?? login.username_or_email ?? '';
  const isEmail = email !== undefined || (login.username === undefined && value.includes('@')); // a username has no @
  return readSignInState(db, isEmail ? stateByEmail : stateByUsername, value, network);
}

const lockUserRow: NamedStatement = {
  name: 'lock_user_row',
  text: 'select from users where id = $1 for no key update',
};

/** Locks the user's company first, so that closing it waits and then ends the new session. */
function lockForSignIn(tx: Tx, { id, company_id }: Pick<StoredCredentials, 'id' | 'company_id'>): void {
  shareCompanyRowLater(tx, company_id ?? id); // no company has the id of a user
  executeLater(tx, lockUserRow, [id]);
}

/**
 * Serializes sign-in attempts of a user until the transaction ends, so that each one sees the failures before it. For an unknown user it
 * runs the same statements.
 * @returns what was committed until the locks were given
 */
export function lockSignInAttempts(
  tx: Tx,
  key: Pick<StoredCredentials, 'id' | 'company_id'>,
  network: string,
): Promise<SignInState> {
  lockForSignIn(tx, key);
  return readSignInState(tx, stateById, key.id, network);
}

// Divides by zero when it finds no row, so that the statements behind it, which are on their way already, have no effect.
const assertUnchanged: NamedStatement = {
  name: 'assert_sign_in_unchanged',
  text: `select 1 / count(*) from users u left join companies c on c.id = u.company_id
    where u.id = $1 and u.version = $3 and u.password_hash = $4 and u.is_active and u.mfa_since is null
      and (u.company_id is null or c.status = 'active') and c.require_mfa is not distinct from $5::boolean
      and not ${lockedOut('$1')}`,
};
const divisionByZero = '22012';

/**
 * Locks like `lockSignInAttempts`, with the transaction's next statement. The transaction fails with an error of `isChanged` when the user
 * is locked out, has changed, or may not sign in by the verified password alone.
 */
export function lockUnchanged(tx: Tx, { user, password_hash }: UserWithHash, network: string): void {
  lockForSignIn(tx, { id: user.id, company_id: user.business_id });
  executeLater(tx, assertUnchanged, [user.id, network, user.version, password_hash, user.company_requires_mfa]);
}

/** Whether a transaction failed because of `lockUnchanged`. */
export const isChanged = (error: unknown): boolean => (error as { code?: unknown }).code === divisionByZero;

const updateSignedIn: NamedStatement = {
  name: 'update_signed_in',
  text: 'update users set last_login = $3, password_hash = coalesce($2, password_hash) where id = $1',
};

/**
 * Updates last_login of a locked user, and the password hash when it was rehashed, with the transaction's next statement.
 * @param rehashed the new hash to store, if any
 * @returns the user as it is then
 */
export function recordSignIn(tx: Tx, { user, now }: UserWithHash, rehashed: string | undefined): StoredUser {
  executeLater(tx, updateSignedIn, [user.id, rehashed ?? null, now]);
  return { ...user, last_login: now };
}

const updatePasswordHash: NamedStatement = {
  name: 'update_password_hash',
  text: 'update users set password_hash = $2 where id = $1',
};

/** Stores the new hash of a locked user's password, with the transaction's next statement. */
export const storeRehashed = (tx: Tx, user_id: string, rehashed: string): void =>
  executeLater(tx, updatePasswordHash, [user_id, rehashed]);

const findLockout: NamedStatement = { name: 'find_lockout', text: `select ${lockedOut('$1')} as is_locked` };

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
