import { userRegistered, userUpdated } from '@clientela/contracts';
import type { Scope, Tx } from '@clientela/db';
import { invalid, preconditionFailed, unauthenticated } from '@clientela/errors';
import { publish, type EventOrigin } from '@clientela/events';
import { changedValues, type Actor } from '@clientela/http';
import { documentNumberError } from '@clientela/validation';
import { normalizePhone } from '@clientela/validation/phones';
import { audit } from '../audit/store.ts';
import { mayAct, splitName, usernameFrom, type Account } from './rules.ts';
import type { MyChanges, User } from './schema.ts';
import { updateUser, type NewUser, type StoredUser, type UserColumns } from './store.ts';

// What every change of a user is made of, whoever makes it: the user itself, an admin, or a sign-in.

export type Person = { account: Account; password_hash: string };

/** The row of a new user; a name that was not given is made from the e-mail. */
export const newUser = ({ account, password_hash }: Person, country: string): Omit<NewUser, 'company_id' | 'role'> => ({
  ...account,
  password_hash,
  username: account.username ? { given: account.username } : { like: usernameFrom(account.email) },
  phone: account.phone && normalizePhone(account.phone, country),
  phone_typed: account.phone,
});

/** Says that a user is new; nobody was signed in, so it is its own doing. */
export async function announced(tx: Tx, user: StoredUser, request_id: string, actor_id = user.id): Promise<StoredUser> {
  const cause = { id: actor_id, company_id: user.business_id, request_id };
  await publish(tx, userRegistered, cause, user.version, { user_id: user.id, role: user.role });
  await noteUser(tx, cause, user, 'user.registered');
  return user;
}

/**
 * The user itself, as long as it may act.
 * @throws AppError 401 when it is gone, inactive, or its company is not active
 */
export function acting(user: StoredUser | undefined): StoredUser {
  if (user && mayAct(user)) return user;
  throw unauthenticated();
}

/** Who caused it, and from where: the trail keeps the address of what touches security. */
export type UserCause = EventOrigin & { client_ip?: string | null };

export const causeOf = ({ id, company_id, request_id, client_ip }: Actor): UserCause => ({
  id,
  company_id,
  request_id,
  client_ip,
});

/** Changes of a user that the trail tells apart from others. */
const telling: Readonly<Record<string, string>> = { role: 'user.role.changed', password: 'user.password.changed' };

/**
 * Writes changes of a user that is locked, and says so.
 * @param shown whose records the caller may be shown in a conflict
 */
export async function write(
  tx: Tx,
  cause: UserCause,
  current: StoredUser,
  changes: UserColumns,
  fields_changed: string[],
  shown?: Scope,
): Promise<StoredUser> {
  const user = await updateUser(tx, current, changes, shown);
  if (!user) throw preconditionFailed();
  await publish(tx, userUpdated, cause, user.version, { user_id: user.id, fields_changed });
  const others = fields_changed.filter((field) => !Object.hasOwn(telling, field));
  if (others.length > 0) await noteUser(tx, cause, user, 'user.updated', others);
  for (const field of fields_changed) {
    const action = Object.hasOwn(telling, field) ? telling[field] : undefined;
    if (action) await noteUser(tx, cause, user, action, [field], cause.client_ip);
  }
  return user;
}

/** A line of the trail about a user. */
export const noteUser = (
  tx: Tx,
  { id, request_id }: EventOrigin,
  user: Pick<User, 'id' | 'business_id'>,
  action: string,
  fields: string[] = [],
  ip: string | null = null,
): Promise<void> =>
  audit(tx, {
    actor_id: id,
    action,
    resource_type: 'user',
    resource_id: user.id,
    company_id: user.business_id,
    fields,
    ip,
    request_id,
  });

/**
 * What a body changes of a person.
 * @param country by which a national phone is read, where the company says none
 */
export function changesOf(
  { name, phone, ...rest }: MyChanges & Pick<UserColumns, 'username' | 'email' | 'role' | 'is_active'>,
  current: StoredUser,
  country: string,
): UserColumns {
  const spelled = phone && normalizePhone(phone, current.company_country ?? country);
  const wanted = { ...rest, ...(name && splitName(name)), ...(spelled !== undefined && { phone: spelled }) };
  const changes: UserColumns = changedValues(wanted, current);
  refuseWrongDocument(changes, current);
  return 'phone' in changes ? { ...changes, phone_typed: phone ?? null } : changes;
}

function refuseWrongDocument(changes: UserColumns, current: User): void {
  if (!('document_type' in changes) && !('number_document_identity' in changes)) return;
  const { document_type, number_document_identity } = { ...current, ...changes };
  const fault =
    document_type && number_document_identity
      ? documentNumberError(document_type, number_document_identity)
      : undefined;
  if (fault) throw invalid([{ path: 'number_document_identity', message: fault }]);
}
