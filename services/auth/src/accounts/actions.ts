import { userRegistered, userUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, precondition, unauthenticated } from '@clientela/errors';
import { publish, type Cause } from '@clientela/events';
import { differing, writableIn, type Actor } from '@clientela/http';
import { documentFault, normalPhone } from '@clientela/values';
import { insertCompany } from '../companies/store.ts';
import { insertSession, type Origin } from '../sessions/store.ts';
import { fullName, splitName, usernameFrom, type Account } from './rules.ts';
import { WritableMe, type MyChanges, type User } from './schema.ts';
import {
  insertUser,
  lockUser,
  noteSignIn,
  updateUser,
  type NewUser,
  type SignInRecord,
  type StoredUser,
  type UserColumns,
} from './store.ts';

/** What a new company starts with. */
export type Defaults = { country: string; currency: string };

type Person = { account: Account; password_hash: string };

/** Founds a company with this user as its admin. */
export async function foundCompany(
  tx: Tx,
  request_id: string,
  { account, password_hash, company_name }: Person & { company_name: string | undefined },
  defaults: Defaults,
): Promise<StoredUser> {
  const name = company_name ?? `${fullName(account)}'s company`;
  const company = await insertCompany(tx, { name, ...defaults });
  const row = {
    ...newUser({ account, password_hash }, company.country),
    company_id: company.id,
    role: 'admin' as const,
  };
  return announced(tx, await insertUser(tx, row), request_id);
}

const newUser = ({ account, password_hash }: Person, country: string): Omit<NewUser, 'company_id' | 'role'> => ({
  ...account,
  password_hash,
  username: account.username ? { given: account.username } : { like: usernameFrom(account.email) },
  phone: account.phone && normalPhone(account.phone, country),
  phone_typed: account.phone,
});

/** Says that a user is new; nobody was signed in, so it is its own doing. */
export async function announced(tx: Tx, user: StoredUser, request_id: string, actor_id = user.id): Promise<StoredUser> {
  const cause = { id: actor_id, company_id: user.business_id, request_id };
  await publish(tx, userRegistered, cause, user.version, { user_id: user.id, role: user.role });
  return user;
}

/** Wrong, unknown, inactive, or of an inactive company: one answer for all of them. */
export const refusedSignIn = () => unauthenticated('These credentials do not sign anybody in');

/** Begins a session for somebody whose password was right. */
export async function signIn(
  tx: Tx,
  record: SignInRecord,
  origin: Origin,
): Promise<{ user: StoredUser; session_id: string }> {
  const user = await noteSignIn(tx, record);
  if (!user) throw refusedSignIn();
  return { user, session_id: await insertSession(tx, user.id, origin) };
}

/**
 * The user itself, as long as it may act.
 * @throws AppError 401 when it is gone, inactive, or its company is not active
 */
export function acting(user: StoredUser | undefined): StoredUser {
  if (user?.is_active && (user.company_status ?? 'active') === 'active') return user;
  throw unauthenticated();
}

/** Changes what users may write of themselves. */
export async function changeMe(
  tx: Tx,
  actor: Actor,
  body: Record<string, unknown>,
  expected: { version: number | undefined; country: string },
): Promise<StoredUser> {
  const current = acting(await lockUser(tx, actor.id));
  if (expected.version !== undefined && expected.version !== current.version) throw precondition();
  const wanted: MyChanges = writableIn(body, WritableMe, current);
  const changes = changesOf(wanted, current, expected.country);
  const fields_changed = Object.keys(changes).filter((field) => field !== 'phone_typed');
  if (fields_changed.length === 0) return current;
  const cause = { id: actor.id, company_id: current.business_id, request_id: actor.request_id };
  return write(tx, cause, current, changes, fields_changed);
}

/** Writes changes of a user that is locked, and says so. */
export async function write(
  tx: Tx,
  cause: Cause,
  current: StoredUser,
  changes: UserColumns,
  fields_changed: string[],
): Promise<StoredUser> {
  const user = await updateUser(tx, current, changes);
  if (!user) throw precondition();
  await publish(tx, userUpdated, cause, user.version, { user_id: user.id, fields_changed });
  return user;
}

function changesOf({ name, phone, ...rest }: MyChanges, current: StoredUser, country: string): UserColumns {
  const spelled = phone && normalPhone(phone, current.company_country ?? country);
  const wanted = { ...rest, ...(name && splitName(name)), ...(spelled !== undefined && { phone: spelled }) };
  const changes: UserColumns = differing(wanted, current);
  refuseWrongDocument(changes, current);
  return 'phone' in changes ? { ...changes, phone_typed: phone ?? null } : changes;
}

function refuseWrongDocument(changes: UserColumns, current: User): void {
  if (!('document_type' in changes) && !('number_document_identity' in changes)) return;
  const { document_type, number_document_identity } = { ...current, ...changes };
  const fault =
    document_type && number_document_identity ? documentFault(document_type, number_document_identity) : undefined;
  if (fault) throw invalid([{ path: 'number_document_identity', message: fault }]);
}
