import { randomBytes } from 'node:crypto';
import type { InternalCompany, Role } from '@clientela/contracts';
import { isUuid, mapConstraintErrors, newId, whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { Account } from './rules.ts';
import type { User } from './schema.ts';
import { searchedIn } from './search.ts';

/** A user with what stands behind it: the version, and the state and country of its company (null for a superuser). */
export type StoredUser = User & {
  version: number;
  company_status: InternalCompany['status'] | null;
  company_country: string | null;
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
  'u.created_at as date_joined',
  'u.created_at',
  'u.updated_at',
  'u.version',
  'c.status as company_status',
  'c.country as company_country',
];

const users = (db: Db) =>
  db('users as u')
    .leftJoin('companies as c', 'c.id', 'u.company_id')
    .select(...columns, db.raw(`u.role <> 'customer' as is_staff`), db.raw(`u.role = 'superuser' as is_superuser`));

export const findUser = async (db: Db, id: string): Promise<StoredUser | undefined> =>
  users(db).where('u.id', id).first();

/** By id, or by the number that people read out. */
export const findUserByKey = async (db: Db, key: string): Promise<StoredUser | undefined> =>
  users(db)
    .where(isUuid(key) ? { 'u.id': key } : { 'u.unique_id': key })
    .first();

/** Finds and locks: nobody changes it until the transaction ends. */
export const lockUser = async (tx: Tx, id: string): Promise<StoredUser | undefined> =>
  users(tx).where('u.id', id).forUpdate('u').first();

export type NewUser = Omit<Account, 'username'> & {
  username: { given: string } | { like: string };
  phone_typed: string | null;
  company_id: string | null;
  role: Role;
  password_hash: string;
};

type Unique = { email?: string | undefined; username?: string | undefined };

/** @param shown whose records the caller may see; an open door's caller sees none */
const taken = (values: Unique, shown: Scope | undefined) => {
  const of = (field: 'email' | 'username') => () =>
    conflict({
      resource: 'user',
      field,
      ...(shown && { existing: (db: Db) => findHolder(db, shown, field, values[field] ?? '') }),
    });
  return { users_email_taken: of('email'), users_username_taken: of('username') };
};

const findHolder = (db: Db, shown: Scope, field: 'email' | 'username', value: string): Promise<object | undefined> =>
  whereCompany(db('users'), shown).select('id', 'unique_id').whereRaw(`lower(${field}) = lower(?)`, [value]).first();

/** Inserts a user; a username that is only suggested gets a suffix when somebody has it. */
export async function insertUser(tx: Tx, { username, ...user }: NewUser, shown?: Scope): Promise<StoredUser> {
  const row = { ...user, id: newId() };
  if ('given' in username) {
    const named = withSearched({ ...row, username: username.given });
    await mapConstraintErrors(tx('users').insert(named), taken(named, shown));
  } else await insertLike(tx, row, username.like, shown);
  return (await findUser(tx, row.id)) as StoredUser;
}

const withSearched = <Row extends Parameters<typeof searchedIn>[0]>(row: Row) => ({
  ...row,
  searched: searchedIn(row),
});

const tries = 5; // with 32 random bits each

async function insertLike(tx: Tx, row: Omit<NewUser, 'username'>, like: string, shown?: Scope): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const username = attempt === 0 ? like : `${like}-${randomBytes(4).toString('hex')}`;
    const insert = tx('users')
      .insert(withSearched({ ...row, username }))
      .onConflict(tx.raw('(lower(username))'))
      .ignore();
    const made = await mapConstraintErrors(insert.returning('id'), taken(row, shown));
    if (made.length > 0) return;
  }
  throw taken({ username: like }, shown).users_username_taken();
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
  > & { phone_typed: string | null; password_hash: string }
>;

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateUser(
  tx: Tx,
  current: StoredUser,
  changes: UserColumns,
  shown?: Scope,
): Promise<StoredUser | undefined> {
  const { id, version } = current;
  const searched = searchedIn({ ...current, ...changes });
  const update = tx('users')
    .where({ id, version })
    .update({ ...changes, searched, version: version + 1, updated_at: tx.fn.now() });
  const updated = await mapConstraintErrors(update, taken(changes, shown));
  return updated === 0 ? undefined : findUser(tx, id);
}

/** The installation's superuser: of several, the one with this e-mail, else the oldest. */
export const findSuperuser = async (db: Db, email: string): Promise<StoredUser | undefined> =>
  users(db)
    .where('u.role', 'superuser')
    .orderByRaw('lower(u.email) = lower(?) desc', [email])
    .orderBy('u.created_at')
    .orderBy('u.id')
    .first();

/** Until the transaction ends, nobody else makes or resets a superuser. */
export const lockSuperusers = (tx: Tx) => tx.raw(`select pg_advisory_xact_lock(hashtext('superuser'))`);
