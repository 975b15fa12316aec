import { execute, executeLater, lookUp, type Db, type NamedStatement, type Tx } from '@clientela/db';
import type { Credentials } from '../accounts/schema.ts';
import { userColumns, type StoredUser } from '../accounts/store.ts';
import { shareCompanyRowLater } from '../companies/store.ts';
import { hasFailures, lockedOut } from './lockout-store.ts';

/** A user's stored password hash; null for a user without a password. */
export type StoredCredentials = { id: string; company_id: string | null; password_hash: string | null };

/** A user with its password hash, and the time at which the transaction that read it began. */
export type UserWithHash = { user: StoredUser; password_hash: string | null; now: string };

/** The user that a sign-in names, undefined for an unknown one, and whether sign-ins of it have failed lately. */
export type FoundUser = { found: UserWithHash | undefined; hasFailures: boolean };

const byId: NamedStatement = {
  name: 'find_credentials_by_id',
  text: 'select id, company_id, password_hash from users where id = $1',
};

export const findCredentials = async (db: Db, id: string): Promise<StoredCredentials | undefined> =>
  (await lookUp<StoredCredentials>(db, byId, [id]))[0];

// The left join returns a row for unknown users too, so that the same statement answers for both.
const readUser = (flag: string, type: string, condition: string) =>
  `select ${userColumns}, u.password_hash, now()::timestamptz(3) as now, ${flag}
    from (select $1::${type} as given) as given left join users u on ${condition} left join companies c on c.id = u.company_id`;
const findUserBy = (key: string, condition: string): NamedStatement => ({
  name: `find_sign_in_user_by_${key}`,
  text: readUser(`${hasFailures} as "hasFailures"`, 'text', condition),
});
const byEmail = findUserBy('email', 'u.email_key = lower(given)');
const byUsername = findUserBy('username', 'lower(u.username) = lower(given)');
const readLockedUser: NamedStatement = {
  name: 'read_locked_user',
  text: readUser(`${lockedOut} as "isLockedOut"`, 'uuid', 'u.id = given'),
};

type UserRow = StoredUser & Omit<UserWithHash, 'user'>;
const toUser = ({ password_hash, now, ...user }: UserRow): UserWithHash | undefined =>
  (user.id as string | null) === null ? undefined : { user, password_hash, now };

/** Finds a user by e-mail or username, ignoring case, and whether sign-ins of it have failed lately. */
export async function findSignInUser(db: Db, login: Credentials): Promise<FoundUser> {
  const email = login.email ?? login.ds_user_email;
  const value = login.username ?? email ?? login.username_or_email ?? '';
  const isEmail = email !== undefined || (login.username === undefined && value.includes('@')); // a username has no @
  const [row] = await lookUp<UserRow & { hasFailures: boolean }>(db, isEmail ? byEmail : byUsername, [value]);
  if (!row) throw new Error('The row of an attempt is missing');
  const { hasFailures: hasFailed, ...user } = row;
  return { found: toUser(user), hasFailures: hasFailed };
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
 * @returns what was committed until the locks were given; `locked` is undefined when the user does not exist
 */
export async function lockSignInAttempts(
  tx: Tx,
  key: Pick<StoredCredentials, 'id' | 'company_id'>,
  network: string,
): Promise<{ isLockedOut: boolean; locked: UserWithHash | undefined }> {
  lockForSignIn(tx, key);
  const [row] = await execute<UserRow & { isLockedOut: boolean }>(tx, readLockedUser, [key.id, network]);
  if (!row) throw new Error('The row of an attempt is missing');
  const { isLockedOut, ...user } = row;
  return { isLockedOut, locked: toUser(user) };
}

// Divides by zero when it finds no row, so that the statements behind it, which are on their way already, have no effect.
const assertUnchanged: NamedStatement = {
  name: 'assert_sign_in_unchanged',
  text: `select 1 / count(*) from users u left join companies c on c.id = u.company_id
    where u.id = $1 and u.version = $3 and u.password_hash = $4 and u.is_active and u.mfa_since is null
      and (u.company_id is null or c.status = 'active') and c.require_mfa is not distinct from $5::boolean
      and not ${lockedOut}`,
};
const divisionByZero = '22012';

/**
 * Locks like `lockSignInAttempts`, with the transaction's next statement. The transaction fails with an error of `failedByChange` when the user
 * is locked out, has changed, or may not sign in by the verified password alone.
 */
export function lockIfUnchanged(tx: Tx, { user, password_hash }: UserWithHash, network: string): void {
  lockForSignIn(tx, { id: user.id, company_id: user.business_id });
  executeLater(tx, assertUnchanged, [user.id, network, user.version, password_hash, user.company_requires_mfa]);
}

/** Whether a transaction failed because of `lockIfUnchanged`. */
export const failedByChange = (error: unknown): boolean => (error as { code?: unknown }).code === divisionByZero;

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
