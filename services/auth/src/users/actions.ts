import { userDeleted, type Role } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Scope, type Tx, type ExpectedVersion } from '@clientela/db';
import { conflict, forbidden, invalid, notFound, rejectFields } from '@clientela/errors';
import { publish } from '@clientela/events';
import { NIL_UUID, pickWritable, redactAllStoredResponses, type Actor } from '@clientela/http';
import { toUser } from '../accounts/presenter.ts';
import { affectsCompany, type Account } from '../accounts/rules.ts';
import { findUser, insertUser, lockUser, updateUser, type StoredUser, type UserColumns } from '../accounts/store.ts';
import {
  auditUser,
  changedColumns,
  originOf,
  publishRegistered,
  saveUser,
  toNewUser,
  type UserOrigin,
} from '../accounts/user-changes.ts';
import { findKeysMadeBy } from '../api-keys/key-lifecycle.ts';
import type { MadeApiKey } from '../api-keys/schema.ts';
import { syncDefaultCompanyName } from '../companies/default-name.ts';
import { revokeInvitationsOf } from '../invitations/invitation-lifecycle.ts';
import { queueMail, type Mails } from '../mails/outbox.ts';
import { chooseLanguage } from '../mails/rules.ts';
import { endFactor, tellUser } from '../second-factors/factor-lifecycle.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { anonymizeSessions } from '../sessions/store.ts';
import { canSee, isLastAdminCandidate, losesRights, outranks, selfRestrictedFields } from './rules.ts';
import { WritableUser } from './schema.ts';
import { deleteUser, hasOtherActive, lockAdmins } from './store.ts';

/**
 * Identifies a change of one user. `hasUpdatePermission` is false when the actor may only change their own record;
 * `expected_version` comes from `If-Match`.
 */
export type Target = { actor: Actor; id: string; hasUpdatePermission: boolean; expected_version: ExpectedVersion };

export type NewUserInput = {
  account: Account;
  password_hash: string;
  must_verify_email: boolean;
  role: Role;
  company: { id: string; country: string } | undefined;
  rest: Pick<UserColumns, 'address' | 'document_type' | 'number_document_identity'>;
};

const scopeOf = (actor: Actor): Scope =>
  actor.role === 'superuser' || actor.company_id === null ? { all: true } : { company_id: actor.company_id };

export async function createUser(tx: Tx, actor: Actor, input: NewUserInput, country: string): Promise<StoredUser> {
  const { account, password_hash, must_verify_email, role, company, rest } = input;
  const row = {
    ...toNewUser({ account, password_hash, must_verify_email }, company?.country ?? country),
    ...rest,
    company_id: company?.id ?? null,
    role,
  };
  return publishRegistered(tx, await insertUser(tx, row, scopeOf(actor)), actor.request_id, actor.id);
}

/**
 * Applies the fields in the body. Revokes the user's sessions when its role, password or access changes.
 * @param options.password_hash of the password in the body
 * @param options.country default region for national phone numbers, where the company has none
 * @param options.mails tells the old address of a new one, which counts as unverified
 * @param options.requireVerifiedEmail whether a new address must be verified
 */
export async function changeUser(
  tx: Tx,
  target: Target,
  body: Record<string, unknown>,
  options: { password_hash: string | undefined; country: string; mails: Mails; requireVerifiedEmail: boolean },
): Promise<StoredUser> {
  const { actor } = target;
  const current = await lockForUpdate(tx, target, affectsCompany(body));
  const changes = changedColumns(pickWritable(body, WritableUser, toUser(current)), current, options.country);
  if (options.password_hash) changes.password_hash = options.password_hash;
  const fields_changed = toFieldNames(Object.keys(changes));
  if (!target.hasUpdatePermission) rejectFields(selfRestrictedFields(fields_changed), 'users:update');
  if (changes.role) assertRoleChange(actor, current, changes.role);
  if (fields_changed.length === 0) return current;
  if (changes.email) {
    changes.email_verified_at = null;
    changes.must_verify_email = options.requireVerifiedEmail;
  }

  const after = { ...current, ...changes };
  const losesAdmin = isLastAdminCandidate(current) && (after.role !== current.role || !after.is_active);
  if (losesAdmin) await requireAnotherAdmin(tx, current);
  const origin = { ...originOf(actor), company_id: current.business_id };
  const user = await saveUser(tx, origin, current, changes, fields_changed, scopeOf(actor));
  await syncDefaultCompanyName(tx, actor, current, user);
  if (changes.email) await tellOldAddress(tx, options.mails, current, changes.email);
  if (changes.role || changes.is_active === false || changes.password_hash) {
    await revokeSessions(tx, origin, { user_id: user.id });
  }
  return user;
}

async function tellOldAddress(tx: Tx, mails: Mails, user: StoredUser, email: string): Promise<void> {
  const content = {
    to: user.email,
    name: user.first_name,
    language: chooseLanguage(null, user.company_country),
    email,
  };
  await queueMail(tx, mails, { user_id: user.id, kind: 'email_changed', content });
}

/**
 * Applies the fields in the body like `changeUser`.
 * @param revoke whether the API keys of a user who loses rights end
 * @returns the user, and the good API keys that it made when it is inactive or was demoted
 */
export async function changeUserWithKeys(
  tx: Tx,
  target: Target,
  body: Record<string, unknown>,
  { revoke, ...options }: Parameters<typeof changeUser>[3] & { revoke: boolean },
): Promise<{ user: StoredUser; api_keys: MadeApiKey[] | undefined }> {
  // Its role and state cannot change, because the company is locked; only for a superuser a concurrent change may still commit.
  const before = await findUser(tx, target.id);
  const user = await changeUser(tx, target, body, options);
  const api_keys = before && losesRights(before, user) ? await keysOf(tx, target.actor, user.id, revoke) : undefined;
  return { user, api_keys };
}

const keysOf = (tx: Tx, actor: Actor, user_id: string, revoke: boolean): Promise<MadeApiKey[]> =>
  findKeysMadeBy(tx, actor, { user_id, scope: scopeOf(actor) }, { revoke });

/**
 * Deactivates a user and keeps its record. Has no effect on an inactive user but on its API keys.
 * @param revoke whether the API keys that it made end
 * @returns the good API keys that it made
 */
export async function deactivateUser(tx: Tx, target: Target, revoke: boolean): Promise<MadeApiKey[]> {
  const current = await lockForUpdate(tx, target, true);
  if (current.is_active) {
    if (isLastAdminCandidate(current)) await requireAnotherAdmin(tx, current);
    const origin = { ...originOf(target.actor), company_id: current.business_id };
    const user = await setInactive(tx, origin, current);
    await revokeSessions(tx, origin, { user_id: user.id });
  }
  return keysOf(tx, target.actor, current.id, revoke);
}

/** Deletes a user's record permanently. @returns the good API keys that it made, which `revoke` ends */
export async function removeUser(tx: Tx, target: Target, revoke: boolean): Promise<MadeApiKey[]> {
  const current = await lockForUpdate(tx, target, true);
  if (isLastAdminCandidate(current)) await requireAnotherAdmin(tx, current);
  const origin = { ...originOf(target.actor), company_id: current.business_id };
  await revokeSessions(tx, origin, { user_id: current.id });
  await anonymizeSessions(tx, current.id);
  await revokeInvitationsOf(tx, origin, current.id, true);
  await deleteUser(tx, current.id);
  await publish(tx, userDeleted, origin, current.version + 1, { user_id: current.id, hard: true });
  await auditUser(tx, origin, current, 'user.deleted', [], origin.client_ip);
  const company_id = current.business_id ?? NIL_UUID;
  await redactAllStoredResponses(tx, { company_id, customer_id: null, customer_number: null, user_id: current.id });
  return keysOf(tx, target.actor, current.id, revoke);
}

/**
 * Removes the second factor of another user, who has lost it, and tells the user. Has no effect on a user without one.
 * @throws AppError 403 for the actor itself and for a user above its role
 */
export async function resetFactor(tx: Tx, mails: Mails, target: Target): Promise<void> {
  if (target.id === target.actor.id)
    throw forbidden('You cannot reset your own second factor; remove it with a code, or ask another admin');
  const user = await lockForUpdate(tx, target, false);
  if (user.mfa_since === null) return;
  await endFactor(tx, { ...originOf(target.actor), company_id: user.business_id }, user);
  await tellUser(tx, mails, user, 'mfa_removed', null);
}

/**
 * Locks the user to be changed.
 * @param locksCompany serializes the change with others of the company: see `affectsCompany`
 * @throws AppError 404 when the user is unknown or belongs to another company, 403 when it outranks the actor, 412 when its version has
 * changed
 */
async function lockForUpdate(
  tx: Tx,
  { actor, id, expected_version }: Target,
  locksCompany: boolean,
): Promise<StoredUser> {
  const user = await findUser(tx, id);
  if (!user || !canSee(actor, user)) throw notFound('user');
  if (locksCompany) await lockAdmins(tx, user);
  const current = await lockUser(tx, id);
  if (current && current.id !== actor.id && outranks(current.role, actor)) throw userOutranksActor();
  return requireVersion(current, 'user', expected_version);
}

export const userOutranksActor = () => forbidden('The role of this user is above your own');
export const roleAboveOwn = () => forbidden('You cannot grant a role above your own');

async function setInactive(tx: Tx, origin: UserOrigin, current: StoredUser): Promise<StoredUser> {
  const user = requireUpdated(await updateUser(tx, current, { is_active: false }));
  await publish(tx, userDeleted, origin, user.version, { user_id: user.id, hard: false });
  await auditUser(tx, origin, user, 'user.deactivated', ['is_active'], origin.client_ip);
  await revokeInvitationsOf(tx, origin, user.id);
  return user;
}

/** Maps columns to the field names of the API. */
const toFieldNames = (columns: readonly string[]): string[] =>
  columns
    .filter((column) => column !== 'phone_typed')
    .map((column) => (column === 'password_hash' ? 'password' : column));

async function requireAnotherAdmin(tx: Tx, user: StoredUser): Promise<void> {
  if (await hasOtherActive(tx, user)) return;
  throw user.role === 'superuser'
    ? conflict({
        error_code: 'LAST_SUPERUSER',
        detail: 'Cannot remove the last active superuser; create another first',
      })
    : conflict({
        error_code: 'LAST_ADMIN',
        detail: 'Cannot remove the last active admin of the company; create another first',
      });
}

function assertRoleChange(actor: Actor, current: StoredUser, role: Role): void {
  if (outranks(role, actor)) throw roleAboveOwn();
  if ((role === 'superuser') === (current.role === 'superuser')) return;
  throw invalid([
    { path: 'role', message: 'cannot change between superuser, which has no company, and a role within a company' },
  ]);
}
