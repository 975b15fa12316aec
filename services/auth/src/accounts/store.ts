import { randomBytes } from 'node:crypto';
import type { InternalCompany, Role } from '@clientela/contracts';
import { meaning, newId, type Db, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import type { Account } from './rules.ts';
import type { Credentials, User } from './schema.ts';

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

/** Finds and locks: nobody changes it until the transaction ends. */
export const lockUser = async (tx: Tx, id: string): Promise<StoredUser | undefined> =>
  users(tx).where('u.id', id).forUpdate('u').first();

/** What a sign-in is held against. */
export type SignInRecord = { id: string; password_hash: string };

/** By e-mail or username, without regard to case. */
export async function findForSignIn(db: Db, given: Credentials): Promise<SignInRecord | undefined> {
  const [column, value] = given.username
    ? (['username', given.username] as const)
    : (['email', given.email ?? given.ds_user_email ?? ''] as const);
  return db('users').select('id', 'password_hash').whereRaw(`lower(${column}) = lower(?)`, [value]).first();
}

/**
 * Notes a sign-in.
 * @returns undefined when the user may not sign in: inactive, of a company that is not active, or its password has changed meanwhile
 */
export async function noteSignIn(tx: Tx, { id, password_hash }: SignInRecord): Promise<StoredUser | undefined> {
  const companyActive = tx('companies').select(tx.raw('1')).whereRaw(`id = users.company_id and status = 'active'`);
  const noted = await tx('users')
    .where({ id, password_hash, is_active: true })
    .andWhere((which) => void which.whereNull('company_id').orWhereExists(companyActive))
    .update({ last_login: tx.fn.now() });
  return noted === 0 ? undefined : findUser(tx, id);
}

export type NewUser = Omit<Account, 'username'> & {
  username: { given: string } | { like: string };
  phone_typed: string | null;
  company_id: string | null;
  role: Role;
  password_hash: string;
};

// Open doors lead here, so that a 409 names the field and shows nothing of the other record.
const taken = {
  users_email_taken: () => conflict({ resource: 'user', field: 'email' }),
  users_username_taken: () => conflict({ resource: 'user', field: 'username' }),
};

/** Inserts a user; a username that is only suggested gets a suffix when somebody has it. */
export async function insertUser(tx: Tx, { username, ...user }: NewUser): Promise<StoredUser> {
  const row = { ...user, id: newId() };
  if ('given' in username) await meaning(tx('users').insert({ ...row, username: username.given }), taken);
  else await insertLike(tx, row, username.like);
  return (await findUser(tx, row.id)) as StoredUser;
}

const tries = 5; // with 32 random bits each

async function insertLike(tx: Tx, row: object, like: string): Promise<void> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const username = attempt === 0 ? like : `${like}-${randomBytes(4).toString('hex')}`;
    const insert = tx('users')
      .insert({ ...row, username })
      .onConflict(tx.raw('(lower(username))'))
      .ignore();
    const made = await meaning(insert.returning('id'), taken);
    if (made.length > 0) return;
  }
  throw taken.users_username_taken();
}

export type UserColumns = Partial<
  Pick<
    User,
    'first_name' | 'last_name' | 'phone' | 'address' | 'document_type' | 'number_document_identity' | 'is_active'
  > & { phone_typed: string | null; password_hash: string }
>;

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateUser(
  tx: Tx,
  { id, version }: Pick<StoredUser, 'id' | 'version'>,
  changes: UserColumns,
): Promise<StoredUser | undefined> {
  const updated = await tx('users')
    .where({ id, version })
    .update({ ...changes, version: version + 1, updated_at: tx.fn.now() });
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
