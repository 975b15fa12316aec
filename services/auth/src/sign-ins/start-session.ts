import { afterCommit, type Tx } from '@clientela/db';
import type { StoredUser } from '../accounts/store.ts';
import { countSignIn } from '../analytics/store.ts';
import { auditAll, type AuditEntry } from '../audit/store.ts';
import { insertChallenge } from '../second-factors/store.ts';
import { createSession, type NewSession, type SessionOptions } from '../sessions/session-lifecycle.ts';
import type { SessionOrigin } from '../sessions/store.ts';
import { recordSuccess } from './lockout-store.ts';
import { signIns } from './metrics.ts';
import { networkOf } from './network.ts';
import { recordSignIn, storeRehashed, type UserWithHash, type StoredCredentials } from './store.ts';

export type SignInRequest = SessionOrigin & { request_id: string };

/** What a sign-in leads to: a session, or the token of a sign-in that waits for the second factor. See `toSignInResponse`. */
export type SignIn = (NewSession & { user: StoredUser }) | { mfa_token: string };

/**
 * A user who has proved who it is, by password or by another provider.
 * @property locked as it was read under the lock; or before, when `lockIfUnchanged` asserts that nothing changed since
 * @property verified_hash the hash of the password when it was verified in this request; undefined for a user who proved something else
 * @property rehashed a new hash of the password to store, if any
 */
export type KnownUser = { locked: UserWithHash; verified_hash?: string | null; rehashed?: string | undefined };

/**
 * Completes every way to sign in, once the person is known: starts a session, or asks for the second factor of a user who has one. The
 * caller must commit.
 * @returns undefined when the user or its company is not active, or the password has changed meanwhile; nothing is stored then
 */
export async function startSession(
  tx: Tx,
  options: SessionOptions,
  known: KnownUser,
  request: SignInRequest,
): Promise<SignIn | undefined> {
  const { user } = known.locked;
  if (!isOfActiveCompany(known.locked)) return undefined;
  if (user.mfa_since === null) return openSession(tx, options, known, request);
  if (!mayGoOn(known)) return undefined;
  if (known.rehashed !== undefined) storeRehashed(tx, user.id, known.rehashed);
  const mfa_token = await insertChallenge(tx, user.id);
  auditAll(tx, [auditEntry('sign_in.mfa_required', user.id, keyOf(user), request)]);
  afterCommit(tx, () => signIns.add({ outcome: 'mfa' }));
  return { mfa_token };
}

export const isOfActiveCompany = ({ user }: UserWithHash): boolean =>
  user.business_id === null || user.company_status === 'active';

const mayGoOn = ({ locked, verified_hash = locked.password_hash }: KnownUser): boolean =>
  locked.user.is_active && verified_hash === locked.password_hash;

const keyOf = ({ id, business_id: company_id }: StoredUser) => ({ id, company_id });

/**
 * Starts the session of a locked user who has proved everything that sign-in asks for, with the transaction's next statement.
 * @returns undefined when the user is not active, or the password has changed meanwhile
 */
export function openSession(
  tx: Tx,
  options: SessionOptions,
  known: KnownUser,
  request: SignInRequest,
): (NewSession & { user: StoredUser }) | undefined {
  if (!mayGoOn(known)) return undefined;
  const user = recordSignIn(tx, known.locked, known.rehashed);
  // Only now: a right password before a wrong code must not clear the failures that limit guessing codes.
  recordSuccess(tx, user.id, networkOf(request.ip));
  const session = createSession(tx, options, user.id, request);
  recordAttempt(tx, user.id, keyOf(user), 'sign_in', request);
  afterCommit(tx, () => signIns.add({ outcome: 'ok' }));
  return { ...session, user };
}

/** Audits the attempt and counts it. For an unknown user the audit entry holds only the address. */
export function recordAttempt(
  tx: Tx,
  actor_id: string | null,
  user: Pick<StoredCredentials, 'id' | 'company_id'> | undefined,
  action: 'sign_in' | 'sign_in.refused',
  request: SignInRequest,
): void {
  auditAll(tx, [auditEntry(action, actor_id, user, request)]);
  countSignIn(tx, user?.company_id ?? null, action === 'sign_in' ? 'signed_in' : 'failed');
}

const auditEntry = (
  action: 'sign_in' | 'sign_in.mfa_required' | 'sign_in.refused',
  actor_id: string | null,
  user: Pick<StoredCredentials, 'id' | 'company_id'> | undefined,
  { ip, request_id }: SignInRequest,
): AuditEntry => ({
  actor_id,
  action,
  resource_type: 'user',
  resource_id: user?.id ?? null,
  company_id: user?.company_id ?? null,
  result: action === 'sign_in.refused' ? 'refused' : 'done',
  ip,
  request_id,
});
