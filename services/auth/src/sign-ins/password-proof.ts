import type { Db, Tx } from '@clientela/db';
import { invalid, preconditionFailed } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import type { Passwords } from '../accounts/passwords.ts';
import { lockUser, type StoredUser } from '../accounts/store.ts';
import { requireActive } from '../accounts/user-changes.ts';
import { audit } from '../audit/store.ts';
import { isLockedOut, recordFailure } from './lockout-store.ts';
import { networkOf } from './network.ts';
import { findCredentials, type StoredCredentials } from './store.ts';

// What a signed-in user proves by its current password, before a change that a stolen access token must not make.

/** A request that proves itself by the password: the credentials it was verified with, and whether it was right. */
export type PasswordProof = { credentials: StoredCredentials | undefined; isValid: boolean };

/** Verifies the current password of a signed-in user. */
export async function provePassword(
  passwords: Passwords,
  db: Db,
  user_id: string,
  password: string,
  signal: AbortSignal,
): Promise<PasswordProof> {
  let credentials: StoredCredentials | undefined;
  const find = async () => {
    credentials = await findCredentials(db, user_id);
    return credentials?.password_hash ?? undefined;
  };
  const { isValid } = await passwords.verify(password, find, signal);
  return { credentials, isValid };
}

/**
 * Locks the actor's user after its current password was verified, unless the account is locked for this network. A wrong password counts
 * as a failed sign-in, so that a stolen access token cannot be used to guess it.
 * @param action the audit action of what is refused without the password
 * @returns undefined when the password was wrong or the account is locked, which the caller must commit
 * @throws AppError 412 when the password has changed since it was verified
 */
export async function lockProvenUser(
  tx: Tx,
  actor: Actor,
  { credentials, isValid }: PasswordProof,
  action: string,
): Promise<StoredUser | undefined> {
  const current = requireActive(await lockUser(tx, actor.id)); // serializes it with sign-in attempts
  const network = networkOf(actor.client_ip);
  const isLocked = await isLockedOut(tx, actor.id, network);
  if (!isLocked && isValid) {
    const stored = await findCredentials(tx, actor.id);
    if (stored?.password_hash !== credentials?.password_hash) throw preconditionFailed();
    return current;
  }
  if (!isLocked) recordFailure(tx, actor.id, network);
  await audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'user',
    resource_id: actor.id,
    company_id: current.business_id,
    result: 'refused',
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
  return undefined;
}

/** The same 422 for a wrong password and for an account that is locked. */
export const wrongPassword = () => invalid([{ path: 'current_password', message: 'is not your password' }]);
