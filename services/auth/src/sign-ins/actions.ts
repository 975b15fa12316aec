import { afterCommit, newId, type Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import type { PasswordCheck } from '../accounts/passwords.ts';
import type { StoredUser } from '../accounts/store.ts';
import { originOf, saveUser } from '../accounts/user-changes.ts';
import { countSignIn } from '../analytics/store.ts';
import { audit, type AuditEntry } from '../audit/store.ts';
import { createSession, revokeSessions, type NewSession, type SessionOptions } from '../sessions/session-lifecycle.ts';
import type { SessionOrigin } from '../sessions/store.ts';
import { signIns } from './metrics.ts';
import { networkOf } from './network.ts';
import { lockProvenUser, type PasswordProof } from './password-proof.ts';
import {
  isLockedOut,
  lockSignInAttempts,
  recordFailure,
  recordSignIn,
  recordSuccess,
  type StoredCredentials,
} from './store.ts';

/** `credentials`: those of the named user, if it exists; `check`: the result for the password that was sent. */
export type Attempt = { credentials: StoredCredentials | undefined; check: PasswordCheck };

export type SignInRequest = SessionOrigin & { request_id: string };

/**
 * Signs a user in after its password was verified, unless the account is locked for this network. Failures change rows as well, so the
 * caller must commit. The lockout is read after hashing and under a lock, so that concurrent attempts count like successive ones.
 * @returns undefined when the sign-in fails for any reason
 */
export async function attemptSignIn(
  tx: Tx,
  options: SessionOptions,
  { credentials: found, check }: Attempt,
  request: SignInRequest,
): Promise<(NewSession & { user: StoredUser }) | undefined> {
  const network = networkOf(request.ip);
  const user_id = found?.id ?? newId(); // an unknown user runs the same statements, which match nothing
  const locked = await lockSignInAttempts(tx, { id: user_id, company_id: found?.company_id ?? null });
  const isLocked = await isLockedOut(tx, user_id, network);
  const credentials = locked && found; // the user may have been deleted during hashing
  if (!isLocked && credentials && check.isValid) {
    const user = locked.isCompanyActive ? await recordSignIn(tx, credentials, check.rehashed) : undefined;
    if (user) {
      await recordSuccess(tx, user.id, network);
      const session = await createSession(tx, options, user.id, request);
      await recordAttempt(tx, user.id, credentials, 'sign_in', request);
      afterCommit(tx, () => signIns.add({ outcome: 'ok' }));
      return { ...session, user };
    }
  } else if (!isLocked) await recordFailure(tx, user_id, network);
  await recordAttempt(tx, null, credentials, 'sign_in.refused', request);
  afterCommit(tx, () => signIns.add({ outcome: isLocked ? 'locked' : 'wrong' }));
  return undefined;
}

/** Audits the attempt and counts it. For an unknown user the audit entry holds only the address. */
async function recordAttempt(
  tx: Tx,
  actor_id: string | null,
  credentials: StoredCredentials | undefined,
  action: 'sign_in' | 'sign_in.refused',
  { ip, request_id }: SignInRequest,
): Promise<void> {
  const company_id = credentials?.company_id ?? null;
  const isSuccess = action === 'sign_in';
  const entry: AuditEntry = {
    actor_id,
    action,
    resource_type: 'user',
    resource_id: credentials?.id ?? null,
    company_id,
    result: isSuccess ? 'done' : 'refused',
    ip,
    request_id,
  };
  await audit(tx, entry, true);
  await countSignIn(tx, company_id, isSuccess ? 'signed_in' : 'failed');
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
