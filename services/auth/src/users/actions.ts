import { userDeleted, type Role } from '@clientela/contracts';
import type { Scope, Tx } from '@clientela/db';
import { AppError, conflict, forbidden, invalid, notFound, preconditionFailed } from '@clientela/errors';
import { publish } from '@clientela/events';
import { pickWritable, type Actor } from '@clientela/http';
import { announced, causeOf, changesOf, newUser, noteUser, write, type UserCause } from '../accounts/changes.ts';
import { saysNames, type Account } from '../accounts/rules.ts';
import { findUser, insertUser, lockUser, updateUser, type StoredUser, type UserColumns } from '../accounts/store.ts';
import { followFounder } from '../companies/naming.ts';
import { revokeSessions } from '../sessions/lifetime.ts';
import { forgetSessions } from '../sessions/store.ts';
import { above, indispensable, notOfOneself, visible } from './rules.ts';
import { WritableUser } from './schema.ts';
import { deleteUser, hasAnother, lockAdmins } from './store.ts';

/** A change of one user: who, whom, whether by users:update or of oneself only, and the version the caller knows, if it said so. */
export type Target = { actor: Actor; id: string; any: boolean; expected_version: number | undefined };

export type Person = {
  account: Account;
  password_hash: string;
  role: Role;
  company: { id: string; country: string } | undefined;
  rest: Pick<UserColumns, 'address' | 'document_type' | 'number_document_identity'>;
};

const scopeOf = (actor: Actor): Scope =>
  actor.role === 'superuser' || actor.company_id === null ? { all: true } : { company_id: actor.company_id };

export async function createUser(tx: Tx, actor: Actor, person: Person, country: string): Promise<StoredUser> {
  const { account, password_hash, role, company, rest } = person;
  const row = {
    ...newUser({ account, password_hash }, company?.country ?? country),
    ...rest,
    company_id: company?.id ?? null,
    role,
  };
  return announced(tx, await insertUser(tx, row, scopeOf(actor)), actor.request_id, actor.id);
}

/**
 * Changes what the body brings; what it leaves out stays. Whatever takes access away ends the user's sessions.
 * @param given.password_hash of the password in the body
 * @param given.country by which a national phone is read, where the company says none
 */
export async function changeUser(
  tx: Tx,
  target: Target,
  body: Record<string, unknown>,
  given: { password_hash: string | undefined; country: string },
): Promise<StoredUser> {
  const { actor } = target;
  const company = body['role'] !== undefined || body['is_active'] === false || saysNames(body);
  const current = await currentOf(tx, target, company);
  const changes = changesOf(pickWritable(body, WritableUser, current), current, given.country);
  if (given.password_hash) changes.password_hash = given.password_hash;
  const fields_changed = named(Object.keys(changes));
  if (!target.any) refuseFields(notOfOneself(fields_changed));
  if (changes.role) refuseRole(actor, current, changes.role);
  if (fields_changed.length === 0) return current;

  const after = { ...current, ...changes };
  if (indispensable(current) && (after.role !== current.role || !after.is_active)) await refuseLast(tx, current);
  const cause = { ...causeOf(actor), company_id: current.business_id };
  const user = await write(tx, cause, current, changes, fields_changed, scopeOf(actor));
  await followFounder(tx, actor, current, user);
  if (changes.role || changes.is_active === false || changes.password_hash)
    await revokeSessions(tx, cause, { user_id: user.id });
  return user;
}

/** Takes a user's access away; its record stays. Again is no change. */
export async function deactivateUser(tx: Tx, target: Target): Promise<void> {
  const current = await currentOf(tx, target, true);
  if (!current.is_active) return;
  if (indispensable(current)) await refuseLast(tx, current);
  const cause = { ...causeOf(target.actor), company_id: current.business_id };
  const user = await deactivated(tx, cause, current);
  await revokeSessions(tx, cause, { user_id: user.id });
}

/** Removes a user for good. */
export async function removeUser(tx: Tx, target: Target): Promise<void> {
  const current = await currentOf(tx, target, true);
  if (indispensable(current)) await refuseLast(tx, current);
  const cause = { ...causeOf(target.actor), company_id: current.business_id };
  await takeAway(tx, cause, current);
  await noteUser(tx, cause, current, 'user.deleted', [], cause.client_ip);
}

/** Takes a locked user away, with its sessions. @returns how many of those there were */
export async function takeAway(tx: Tx, cause: UserCause, current: StoredUser): Promise<number> {
  await revokeSessions(tx, cause, { user_id: current.id });
  const sessions = await forgetSessions(tx, current.id);
  await deleteUser(tx, current.id);
  await publish(tx, userDeleted, cause, current.version + 1, { user_id: current.id, hard: true });
  return sessions;
}

/**
 * Finds and locks.
 * @param company whether the change may cost a company its last admin, or its name, so that only one such change runs at a time
 * @throws AppError 404 when unknown or another company's, 403 when above the actor, 412 when it has moved on
 */
async function currentOf(tx: Tx, { actor, id, expected_version }: Target, company: boolean): Promise<StoredUser> {
  const found = await findUser(tx, id);
  if (!found || !visible(actor, found)) throw notFound('user');
  if (company) await lockAdmins(tx, found);
  const current = await lockUser(tx, id);
  if (!current) throw notFound('user');
  if (current.id !== actor.id && above(actor, current.role)) throw forbidden('That user stands above your role');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  return current;
}

async function deactivated(tx: Tx, cause: UserCause, current: StoredUser): Promise<StoredUser> {
  const user = await updateUser(tx, current, { is_active: false });
  if (!user) throw preconditionFailed();
  await publish(tx, userDeleted, cause, user.version, { user_id: user.id, hard: false });
  await noteUser(tx, cause, user, 'user.deactivated', ['is_active'], cause.client_ip);
  return user;
}

/** Columns by the names under which users know them. */
const named = (columns: readonly string[]): string[] =>
  columns
    .filter((column) => column !== 'phone_typed')
    .map((column) => (column === 'password_hash' ? 'password' : column));

async function refuseLast(tx: Tx, user: StoredUser): Promise<void> {
  if (await hasAnother(tx, user)) return;
  throw user.role === 'superuser'
    ? conflict({ error_code: 'LAST_SUPERUSER', detail: 'This is the last active superuser; make another one first' })
    : conflict({
        error_code: 'LAST_ADMIN',
        detail: 'This is the last active admin of the company; make another one first',
      });
}

function refuseRole(actor: Actor, current: StoredUser, role: Role): void {
  if (above(actor, role)) throw forbidden('Nobody grants a role above their own');
  if ((role === 'superuser') === (current.role === 'superuser')) return;
  throw invalid([
    { path: 'role', message: 'cannot change between superuser, who has no company, and the roles of a company' },
  ]);
}

/** @throws AppError 403 naming each field */
export function refuseFields(fields: readonly string[]): void {
  if (fields.length === 0) return;
  const errors = fields.map((path) => ({ path, message: 'may not be written by your role' }));
  throw new AppError('forbidden', { detail: `Your role may not write ${fields.join(', ')}`, errors });
}
