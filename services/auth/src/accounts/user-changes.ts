import { userRegistered, userUpdated } from '@clientela/contracts';
import { requireUpdated, type Scope, type Tx } from '@clientela/db';
import { invalid, unauthenticated } from '@clientela/errors';
import { publish, type EventOrigin } from '@clientela/events';
import { changedValues, type Actor } from '@clientela/http';
import { documentNumberError, resolveDocumentNumber } from '@clientela/validation';
import { normalizePhone } from '@clientela/validation/phones';
import { audit } from '../audit/store.ts';
import { endChallenges } from '../second-factors/store.ts';
import { revokeInvitationsOf, revokeInvitationsTo } from '../invitations/invitation-lifecycle.ts';
import { endTokens } from '../tokens/store.ts';
import { isActive, splitName, suggestUsername, type Account } from './rules.ts';
import type { OwnChanges, User } from './schema.ts';
import { updateUser, type NewUser, type StoredUser, type UserColumns } from './store.ts';

// Steps that all changes of a user share: those by the user, by an admin, or by a sign-in.

export type Person = { account: Account; password_hash: string | null; must_verify_email?: boolean };

/** Builds the row of a new user; derives a username from the e-mail when none was chosen. */
export const toNewUser = (
  { account, password_hash, must_verify_email = false }: Person,
  country: string,
): Omit<NewUser, 'company_id' | 'role'> => ({
  ...account,
  password_hash,
  must_verify_email,
  username: account.username ? { chosen: account.username } : { suggested: suggestUsername(account.email) },
  phone: account.phone && normalizePhone(account.phone, country),
  phone_typed: account.phone,
});

/**
 * Publishes `user.registered` and audits it.
 * @param actor_id default the new user, because registration has no signed-in user
 */
export async function publishRegistered(
  tx: Tx,
  user: StoredUser,
  request_id: string,
  actor_id = user.id,
): Promise<StoredUser> {
  const origin = { id: actor_id, company_id: user.business_id, request_id };
  await publish(tx, userRegistered, origin, user.version, { user_id: user.id, role: user.role });
  await auditUser(tx, origin, user, 'user.registered');
  await revokeInvitationsTo(tx, origin, user);
  return user;
}

/**
 * Returns an existing, active user.
 * @throws AppError 401 when the user is missing or inactive, or its company is not active
 */
export function requireActive(user: StoredUser | undefined): StoredUser {
  if (user && isActive(user)) return user;
  throw unauthenticated();
}

/** The origin of a change; the audit log stores the address for security events. */
export type UserOrigin = EventOrigin & {
  client_ip?: string | null;
  /** Marks a change that copies one of the customer record, which is not copied back. */
  followed?: true;
};

export const originOf = ({ id, company_id, request_id, client_ip }: Actor): UserOrigin => ({
  id,
  company_id,
  request_id,
  client_ip,
});

/** Field changes that have their own audit action. */
const securityActions: Readonly<Record<string, string>> = {
  role: 'user.role.changed',
  password: 'user.password.changed',
  email_verified_at: 'user.email.verified',
};

/** When name and phone changed: now, unless the change follows an earlier one. The customer record follows later changes only. */
function changeTimes(fields_changed: readonly string[]): UserColumns {
  const now = new Date().toISOString();
  return {
    ...((fields_changed.includes('first_name') || fields_changed.includes('last_name')) && { name_changed_at: now }),
    ...(fields_changed.includes('phone') && { phone_changed_at: now }),
  };
}

/**
 * Updates a locked user, publishes `user.updated` and audits the changed fields. A new password or address ends the tokens of mails, a
 * new password also the sign-ins that wait for a second factor. A new address or a lost right ends invitations.
 * @param visibleTo the scope in which a conflict may show the existing user
 * @throws AppError 412 when the version has changed
 */
export async function saveUser(
  tx: Tx,
  origin: UserOrigin,
  current: StoredUser,
  changes: UserColumns,
  fields_changed: string[],
  visibleTo?: Scope,
): Promise<StoredUser> {
  const values = { ...changeTimes(fields_changed), ...changes };
  const user = requireUpdated(await updateUser(tx, current, values, visibleTo));
  if (fields_changed.includes('password') || fields_changed.includes('email')) await endTokens(tx, user.id);
  if (fields_changed.includes('password')) await endChallenges(tx, user.id);
  if (fields_changed.includes('email')) await revokeInvitationsTo(tx, origin, user);
  if (fields_changed.includes('role') || !user.is_active) await revokeInvitationsOf(tx, origin, user.id);
  const data = { user_id: user.id, fields_changed, ...(origin.followed && { followed: origin.followed }) };
  await publish(tx, userUpdated, origin, user.version, data);
  const plainFields = fields_changed.filter((field) => !Object.hasOwn(securityActions, field));
  if (plainFields.length > 0) await auditUser(tx, origin, user, 'user.updated', plainFields);
  for (const field of fields_changed) {
    const action = Object.hasOwn(securityActions, field) ? securityActions[field] : undefined;
    if (action) await auditUser(tx, origin, user, action, [field], origin.client_ip);
  }
  return user;
}

/** Adds an audit entry about a user. */
export const auditUser = (
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
 * Maps the fields of a body to the columns they change.
 * @param country default region for national phone numbers, where the company has none
 * @throws AppError 422 when the resulting identity document is invalid
 */
export function changedColumns(
  { name, phone, ...rest }: OwnChanges & Pick<UserColumns, 'username' | 'email' | 'role' | 'is_active'>,
  current: StoredUser,
  country: string,
): UserColumns {
  const normalized = phone && normalizePhone(phone, current.company_country ?? country);
  const values = {
    ...rest,
    ...(name && splitName(name)),
    ...(normalized !== undefined && { phone: normalized }),
    number_document_identity: documentNumberAfter(current, rest),
  };
  const changes: UserColumns = changedValues(values, current);
  assertDocument(changes, current);
  return 'phone' in changes ? { ...changes, phone_typed: phone ?? null } : changes;
}

function documentNumberAfter(current: StoredUser, changed: OwnChanges): string | null {
  const { document_type: type, number_document_identity: number } = { ...current, ...changed };
  const stored = { type: current.document_type, number: current.number_document_identity };
  return resolveDocumentNumber(stored, { type, number });
}

function assertDocument(changes: UserColumns, current: StoredUser): void {
  if (!('document_type' in changes) && !('number_document_identity' in changes)) return;
  const { document_type, number_document_identity } = { ...current, ...changes };
  const message =
    document_type && number_document_identity
      ? documentNumberError(document_type, number_document_identity, current.company_country ?? undefined)
      : undefined;
  if (message) throw invalid([{ path: 'number_document_identity', message }]);
}
