import { afterCommit, type Db, type Tx } from '@clientela/db';
import { conflict, notFound } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { findUser, findUserByEmail, lockUser } from '../accounts/store.ts';
import { auditUser, originOf, requireActive } from '../accounts/user-changes.ts';
import type { SessionOptions } from '../sessions/session-lifecycle.ts';
import { signIns } from '../sign-ins/metrics.ts';
import { networkOf } from '../sign-ins/network.ts';
import { recordAttempt, startSession, type SignIn, type SignInRequest } from '../sign-ins/start-session.ts';
import { findCredentials, lockSignInAttempts } from '../sign-ins/store.ts';
import type { ProvenIdentity } from './provider.ts';
import { isSameAddress } from './rules.ts';
import {
  countIdentities,
  deleteIdentity,
  findIdentityOwner,
  hasWayIn,
  insertCode,
  joinIdentity,
  markIdentityUsed,
  type SpentCode,
} from './store.ts';

const MAX_IDENTITIES = 20; // of a user

/**
 * Makes a one-time code for who came back from a provider.
 * @returns the code, and whether it signs a user in; without one it accepts an invitation only
 */
export async function recordReturn(tx: Tx, proven: ProvenIdentity): Promise<{ code: string; hasUser: boolean }> {
  const owner = await findIdentityOwner(tx, proven);
  const user_id = owner ?? (await findVerifiedUser(tx, proven.email))?.id ?? null;
  // Joined when the code is exchanged, if that is still right then.
  const email = owner === undefined && user_id !== null ? proven.email : null;
  return { code: await insertCode(tx, { ...proven, email, user_id }), hasUser: user_id !== null };
}

/** Finds the user of an address that the provider verified, and that the user verified here. */
async function findVerifiedUser(db: Db, email: string | null) {
  const user = email === null ? undefined : await findUserByEmail(db, email);
  return user && user.email_verified_at !== null && isSameAddress(user.email, email ?? '') ? user : undefined;
}

/**
 * Signs in the user of a spent code, whose identity is joined first when it is new. Failures change rows as well, so the caller must
 * commit.
 * @returns undefined when the identity has no user by now, or the user or its company is not active
 */
export async function signInByIdentity(
  tx: Tx,
  options: SessionOptions,
  spent: SpentCode & { user_id: string },
  request: SignInRequest,
): Promise<SignIn | undefined> {
  const found = await findCredentials(tx, spent.user_id);
  const { locked } = found ? await lockSignInAttempts(tx, found, networkOf(request.ip)) : {};
  if (locked && (await takeIdentity(tx, spent, request))) {
    const user = (await findUser(tx, locked.user.id)) ?? locked.user; // with its new identity
    const signIn = await startSession(tx, options, { locked: { ...locked, user } }, request);
    if (signIn) return signIn;
  }
  recordAttempt(tx, null, locked && found, 'sign_in.refused', request);
  afterCommit(tx, () => signIns.add({ outcome: 'wrong' }));
  return undefined;
}

/** Marks the identity as used, or joins it to the locked user. @returns whether the user has it */
async function takeIdentity(
  tx: Tx,
  spent: SpentCode & { user_id: string },
  { request_id, ip }: SignInRequest,
): Promise<boolean> {
  if (await markIdentityUsed(tx, spent.user_id, spent)) return true;
  const user = await findVerifiedUser(tx, spent.email);
  if (user?.id !== spent.user_id || (await countIdentities(tx, user.id)) >= MAX_IDENTITIES) return false;
  if (!(await joinIdentity(tx, user.id, spent))) return false;
  const origin = { id: user.id, company_id: user.business_id, request_id };
  await auditUser(tx, origin, user, 'user.identity.joined', ['identities'], ip);
  return true;
}

/**
 * Removes an identity of the actor.
 * @param issuers those of the providers that people can sign in with
 * @throws AppError 404 for an unknown one; 409 when no way to sign in would be left
 */
export async function removeIdentity(tx: Tx, actor: Actor, id: string, issuers: readonly string[]): Promise<void> {
  const user = requireActive(await lockUser(tx, actor.id)); // so that of two removals at once the second sees the first
  if (!(await deleteIdentity(tx, user.id, id))) throw notFound('identity');
  if (!(await hasWayIn(tx, user.id, issuers)))
    throw conflict({ error_code: 'LAST_WAY_IN', detail: 'You could not sign in any more; set a password first' });
  const origin = { ...originOf(actor), company_id: user.business_id };
  await auditUser(tx, origin, user, 'user.identity.removed', ['identities'], actor.client_ip);
}
