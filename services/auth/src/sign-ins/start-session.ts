import { afterCommit, type Tx } from '@clientela/db';
import type { StoredUser } from '../accounts/store.ts';
import { countSignIn } from '../analytics/store.ts';
import { audit, type AuditEntry } from '../audit/store.ts';
import { createSession, type NewSession, type SessionOptions } from '../sessions/session-lifecycle.ts';
import type { SessionOrigin } from '../sessions/store.ts';
import { signIns } from './metrics.ts';
import { networkOf } from './network.ts';
import { recordSignIn, recordSuccess, type LockedUser, type StoredCredentials } from './store.ts';

export type SignInRequest = SessionOrigin & { request_id: string };

/** What a sign-in leads to. `toSignInResponse` makes the response of it. */
export type SignIn = NewSession & { user: StoredUser };

/**
 * A user who has proved who it is, by password or by another provider.
 * @property credentials as they were when it was proved
 * @property locked the result of `lockSignInAttempts`
 * @property rehashed a new hash of the password to store, if any
 */
export type KnownUser = { credentials: StoredCredentials; locked: LockedUser; rehashed?: string | undefined };

/**
 * Completes every way to sign in, once the person is known: starts a session. The caller must commit.
 * @returns undefined when the user or its company is not active, or the password has changed meanwhile; nothing is stored then
 */
export async function startSession(
  tx: Tx,
  options: SessionOptions,
  { credentials, locked, rehashed }: KnownUser,
  request: SignInRequest,
): Promise<SignIn | undefined> {
  const user = locked.isCompanyActive ? await recordSignIn(tx, credentials, rehashed) : undefined;
  if (!user) return undefined;
  await recordSuccess(tx, user.id, networkOf(request.ip));
  const session = await createSession(tx, options, user.id, request);
  await recordAttempt(tx, user.id, credentials, 'sign_in', request);
  afterCommit(tx, () => signIns.add({ outcome: 'ok' }));
  return { ...session, user };
}

/** Audits the attempt and counts it. For an unknown user the audit entry holds only the address. */
export async function recordAttempt(
  tx: Tx,
  actor_id: string | null,
  credentials: Pick<StoredCredentials, 'id' | 'company_id'> | undefined,
  action: 'sign_in' | 'sign_in.refused',
  { ip, request_id }: Pick<SignInRequest, 'ip' | 'request_id'>,
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
