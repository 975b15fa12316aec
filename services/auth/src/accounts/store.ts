import { randomBytes } from 'node:crypto';
import type { InternalCompany, Role } from '@clientela/contracts';
import {
  lookUp,
  isUuid,
  mapConstraintErrors,
  newId,
  whereCompany,
  type Db,
  type NamedStatement,
  type Scope,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { Account } from './rules.ts';
import type { User } from './schema.ts';
import { searchTextOf } from './search.ts';

/** A user with its company's status, country and requirement of a second factor (null for a superuser). */
export type StoredUser = Omit<User, 'permissions'> & {
  must_verify_email: boolean;
  name_changed_at: string | null;
  phone_changed_at: string | null;
  mfa_since: string | null;
  company_status: InternalCompany['status'] | null;
  company_country: string | null;
  company_requires_mfa: boolean | null;
};

const columns = [
  'u.id',
  'u.unique_id',
  'u.username',
  'u.first_name',
  'u.last_name',
  'u.email',
  'u.phone',
  'u.address',
  'u.number_document_identity',
  'u.document_type',
  'u.is_active',
  'c.company_id',
  'u.company_id as business_id',
  'u.role',
  'u.last_login',
  'u.email_verified_at',
  'u.must_verify_email',
  'u.name_changed_at',
  'u.phone_changed_at',
  'u.mfa_since',
  'u.created_at as date_joined',
  'u.created_at',
  'u.updated_at',
  'u.version',
  'c.status as company_status',
  'c.country as company_country',
  'c.require_mfa as company_requires_mfa',
];

const instant = (column: string) => `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
const identities = `coalesce((
  select json_agg(json_build_object('id', i.id, 'provider', i.provider, 'issuer', i.issuer,
                                    'created_at', ${instant('i.created_at')}, 'last_used_at', ${instant('i.last_used_at')})
                  order by i.created_at, i.id)
    from identities i where i.user_id = u.id), '[]') as identities`;

const computed = [identities, `u.role <> 'customer' as is_staff`, `u.role = 'superuser' as is_superuser`];

const selectUsers = (db: Db) =>
  db('users as u')
    .leftJoin('companies as c', 'c.id', 'u.company_id')
    .select(...columns, ...computed.map((column) => db.raw(column)));

/** The columns of `StoredUser` from a row `u` of users and the row `c` of its company. */
export const userColumns = [...columns, ...computed].join(', ');
const byId: NamedStatement = {
  name: 'find_user',
  text: `select ${userColumns} from users u left join companies c on c.id = u.company_id where u.id = $1`,
};

export const findUser = async (db: Db, id: string): Promise<StoredUser | undefined> =>
  (await lookUp<StoredUser>(db, byId, [id]))[0];

/** Finds a user by UUID or by USER number. */
export const findUserByKey = async (db: Db, key: string): Promise<StoredUser | undefined> =>
  selectUsers(db)
    .where(isUuid(key) ? { 'u.id': key } : { 'u.unique_id': key })
    .first();

/** Finds a user by e-mail address, ignoring case. */
export const findUserByEmail = async (db: Db, email: string): Promise<StoredUser | undefined> =>
  selectUsers(db).whereRaw('u.email_key = lower(?)', [email]).first();

/** Finds a user by username, ignoring case. */
export const findUserByUsername = async (db: Db, username: string): Promise<StoredUser | undefined> =>
  selectUsers(db).whereRaw('lower(u.username) = lower(?)', [username]).first();

export const lockUser = async (tx: Tx, id: string): Promise<StoredUser | undefined> =>
  selectUsers(tx).where('u.id', id).forUpdate('u').first();

export type NewUser = Omit<Account, 'username'> & {
  username: { chosen: string } | { suggested: string };
  phone_typed: string | null;
  company_id: string | null;
  role: Role;
  /** Null for a user who signs in with another provider. */
  password_hash: string | null;
  email_verified_at?: string;
  last_login?: string;
  must_verify_email?: boolean;
};

type UniqueValues = { email?: string | undefined; username?: string | undefined };

/** @param visibleTo the scope in which the existing user may be shown; undefined on public routes, which show none */
const uniqueErrors = (values: UniqueValues, visibleTo: Scope | undefined) => {
  const conflictOn = (field: 'email' | 'username') => () =>
    conflict({
      resource: 'user',
      field,
      ...(visibleTo && { existing: (db: Db) => findByUniqueValue(db, visibleTo, field, values[field] ?? '') }),
    });
  return { users_email_taken: conflictOn('email'), users_username_taken: conflictOn('username') };
};

const findByUniqueValue = (
  db: Db,
  visibleTo: Scope,
  field: 'email' | 'username',
  value: string,
): Promise<object | undefined> =>
  whereCompany(db('users'), visibleTo)
    .select('id', 'unique_id', 'unique_id as number')
    .whereRaw(`${field === 'email' ? 'email_key' : 'lower(username)'} = lower(?)`, [value])
    .first();

/** Inserts a user; appends a suffix to a suggested username that is taken. */
export async function insertUser(tx: Tx, { username, ...user }: NewUser, visibleTo?: Scope): Promise<StoredUser> {
  const row = { ...user, id: newId() };
  if ('chosen' in username) {
    const values = withSearchText({ ...row, username: username.chosen });
    await mapConstraintErrors(tx('users').insert(values), uniqueErrors(values, visibleTo));
  } else await insertWithSuggestedUsername(tx, row, username.suggested, visibleTo);
  return (await findUser(tx, row.id)) as StoredUser;
}

const withSearchText = <Row extends Parameters<typeof searchTextOf>[0]>(row: Row) => ({
  ...row,
  search_text: searchTextOf(row),
});

const maxAttempts = 5; // with 32 random bits each

async function insertWithSuggestedUsername(
  tx: Tx,
  row: Omit<NewUser, 'username'>,
  suggested: string,
  visibleTo?: Scope,
): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const username = attempt === 0 ? suggested : `${suggested}-${randomBytes(4).toString('hex')}`;
    const insert = tx('users')
      .insert(withSearchText({ ...row, username }))
      .onConflict(tx.raw('(lower(username))'))
      .ignore();
    const inserted = await mapConstraintErrors(insert.returning('id'), uniqueErrors(row, visibleTo));
    if (inserted.length > 0) return;
  }
  throw uniqueErrors({ username: suggested }, visibleTo).users_username_taken();
}

export type UserColumns = Partial<
  Pick<
    User,
    | 'username'
    | 'email'
    | 'first_name'
    | 'last_name'
    | 'phone'
    | 'address'
    | 'document_type'
    | 'number_document_identity'
    | 'role'
    | 'is_active'
    | 'email_verified_at'
  > & {
    phone_typed: string | null;
    password_hash: string;
    must_verify_email: boolean;
    name_changed_at: string;
    phone_changed_at: string;
  }
>;

/** Updates the version that was read; returns undefined when it has changed since. */
export async function updateUser(
  tx: Tx,
  current: StoredUser,
  changes: UserColumns,
  visibleTo?: Scope,
): Promise<StoredUser | undefined> {
  const { id, version } = current;
  const search_text = searchTextOf({ ...current, ...changes });
  const update = tx('users')
    .where({ id, version })
    .update({ ...changes, search_text, version: version + 1, updated_at: tx.fn.now() });
  const updated = await mapConstraintErrors(update, uniqueErrors(changes, visibleTo));
  return updated === 0 ? undefined : findUser(tx, id);
}

/** Finds the installation's superuser; among several, prefers this e-mail, then the oldest. */
export const findSuperuser = async (db: Db, email: string): Promise<StoredUser | undefined> =>
  selectUsers(db)
    .where('u.role', 'superuser')
    .orderByRaw('u.email_key = lower(?) desc nulls last', [email])
    .orderBy('u.created_at')
    .orderBy('u.id')
    .first();

/** Serializes the creation and reset of superusers until the transaction ends. */
export const lockSuperusers = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('superuser'))`);
