import { afterCommit, newId, type Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import type { PasswordCheck } from '../accounts/passwords.ts';
import { originOf, saveUser } from '../accounts/user-changes.ts';
import { revokeSessions, type SessionOptions } from '../sessions/session-lifecycle.ts';
import { recordFailure } from './lockout-store.ts';
import { signIns } from './metrics.ts';
import { networkOf } from './network.ts';
import { lockProvenUser, type PasswordProof } from './password-proof.ts';
import {
  isOfActiveCompany,
  openSession,
  recordAttempt,
  startSession,
  type SignIn,
  type SignInRequest,
} from './start-session.ts';
import { lockSignInAttempts, lockIfUnchanged, type FoundUser, type UserWithHash } from './store.ts';

/** What was found before the password was verified, and the result of that. */
export type Attempt = FoundUser & { check: PasswordCheck };

/**
 * Returns the user of an attempt that succeeds without a second factor, if nothing changes until the user is locked. A user with failures
 * is judged under the lock at once: a lockout meanwhile would make a right password take longer than a wrong one.
 */
export function expectedUser({ found, hasFailures, check }: Attempt): UserWithHash | undefined {
  const { isValid, rehashed } = check;
  if (!found || hasFailures || !isValid || rehashed !== undefined) return undefined;
  return found.user.is_active && found.user.mfa_since === null && isOfActiveCompany(found) ? found : undefined;
}

/**
 * Signs an expected user in, as `attemptSignIn` would, by one round trip: no statement waits for the one before it, and all go with the
 * COMMIT. The transaction fails with an error of `failedByChange` when the user may have been judged differently by now.
 */
export function signInUnchanged(
  tx: Tx,
  options: SessionOptions,
  found: UserWithHash,
  request: SignInRequest,
): SignIn | undefined {
  lockIfUnchanged(tx, found, networkOf(request.ip));
  return openSession(tx, options, { locked: found }, request);
}

/**
 * Signs a user in after its password was verified, unless the account is locked for this network. Failures change rows as well, so the
 * caller must commit. The lockout is read after hashing and under a lock, so that concurrent attempts count like successive ones.
 * @returns undefined when the sign-in fails for any reason
 */
export async function attemptSignIn(
  tx: Tx,
  options: SessionOptions,
  { found, check }: Attempt,
  request: SignInRequest,
): Promise<SignIn | undefined> {
  const network = networkOf(request.ip);
  const user_id = found?.user.id ?? newId(); // an unknown user runs the same statements, which match nothing
  const key = { id: user_id, company_id: found?.user.business_id ?? null };
  const { isLockedOut, locked } = await lockSignInAttempts(tx, key, network); // deleted during hashing, perhaps
  if (!isLockedOut && found && locked && check.isValid) {
    const known = { locked, verified_hash: found.password_hash, rehashed: check.rehashed };
    const signIn = await startSession(tx, options, known, request);
    if (signIn) return signIn;
  }
  // Only a wrong password counts. Others run the same statements, so that the time tells neither a locked account nor a right password.
  recordFailure(tx, isLockedOut || check.isValid ? newId() : user_id, network);
  recordAttempt(tx, null, locked && key, 'sign_in.refused', request);
  afterCommit(tx, () => signIns.add({ outcome: isLockedOut ? 'locked' : 'wrong' }));
  return undefined;
}

/**
 * Changes the actor's password and revokes their other sessions.
 * @param change.password_hash of the new password
 * @returns false when the current password was wrong or the account is locked, which the caller must commit
 */
export async function changePassword(
  tx: Tx,
  actor: Actor,
  { password_hash = '', ...proof }: PasswordProof & { password_hash: string | undefined },
): Promise<boolean> {
  const current = await lockProvenUser(tx, actor, proof, 'user.password.changed');
  if (!current) return false;
  const origin = { ...originOf(actor), company_id: current.business_id };
  await saveUser(tx, origin, current, { password_hash }, ['password']);
  await revokeSessions(tx, origin, { user_id: actor.id, except: actor.session_id ?? undefined });
  return true;
}
