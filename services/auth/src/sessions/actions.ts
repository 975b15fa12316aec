import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { mayAct } from '../accounts/rules.ts';
import { findUser, type StoredUser } from '../accounts/store.ts';
import { audit } from '../audit/store.ts';
import { sayRevoked, type Begun, type SessionRules } from './lifetime.ts';
import { hashOf, type Claimed } from './refresh-token.ts';
import { endSession, endSessions, findSession, rotate, type StoredSession } from './store.ts';

/** Where a change comes from when nobody is signed in. */
type Request = { request_id: string; client_ip: string | null };

/**
 * Spends a refresh token that is known to be authentic. The one spent just before gets its successor again, as its answer may have been
 * lost; an older one was stolen, or its thief is the one who renewed it: the session ends, which the caller must commit.
 * @returns undefined when the token is not good
 */
export async function renewSession(
  tx: Tx,
  rules: SessionRules,
  { session, claimed, token }: { session: StoredSession; claimed: Claimed; token: string },
  request: Request,
): Promise<(Begun & { user: StoredUser }) | undefined> {
  const next = rules.refresh.tokenOf({ ...session, generation: claimed.generation + 1 });
  const hashes = { spent: hashOf(token), next: hashOf(next) };
  if (claimed.generation === session.generation) {
    const user_id = await rotate(tx, claimed, hashes, rules.days);
    if (user_id !== undefined) return begun(tx, user_id, session.id, next);
  }
  // Read without a lock: a spent token stays spent, so that many who bring it at once need not wait for each other.
  const current = await findSession(tx, session.id);
  if (!current?.live || !current.user_id || claimed.generation >= current.generation) return undefined;
  if (claimed.generation === current.generation - 1 && current.just_rotated)
    return begun(tx, current.user_id, session.id, next);
  await endReused(tx, current.user_id, session.id, request);
  return undefined;
}

async function begun(tx: Tx, user_id: string, session_id: string, refresh_token: string) {
  const user = await findUser(tx, user_id);
  return user && mayAct(user) ? { user, session_id, refresh_token } : undefined;
}

async function endReused(tx: Tx, user_id: string, id: string, { request_id, client_ip }: Request): Promise<void> {
  const company_id = (await findUser(tx, user_id))?.business_id ?? null;
  if (!(await endSession(tx, user_id, id))) return; // it was told already
  await sayRevoked(tx, { id: 'service:auth', company_id, request_id }, user_id, 1);
  await audit(tx, {
    actor_id: 'service:auth',
    action: 'session.token_reused',
    resource_type: 'user', // by whom it is found when its address must go: the session itself is removed before long
    resource_id: user_id,
    company_id,
    result: 'refused',
    ip: client_ip,
    request_id,
  });
}

/** Ends the session that asks; one that is over already stays so. */
export async function signOut(tx: Tx, actor: Actor): Promise<void> {
  if (actor.session_id && (await endSession(tx, actor.id, actor.session_id)))
    await told(tx, actor, actor.session_id, 1);
}

export async function signOutEverywhere(tx: Tx, actor: Actor): Promise<void> {
  const sessions = await endSessions(tx, { user_id: actor.id });
  if (sessions > 0) await told(tx, actor, null, sessions);
}

/** @throws AppError 404 for what is no live session of one's own */
export async function endOwnSession(tx: Tx, actor: Actor, id: string): Promise<void> {
  if (!(await endSession(tx, actor.id, id))) throw notFound('session');
  await told(tx, actor, id, 1);
}

/** @param id null for all of them */
async function told(tx: Tx, actor: Actor, id: string | null, sessions: number): Promise<void> {
  await sayRevoked(tx, actor, actor.id, sessions);
  await audit(tx, {
    actor_id: actor.id,
    action: 'session.revoked',
    resource_type: id === null ? 'user' : 'session',
    resource_id: id ?? actor.id,
    company_id: actor.company_id,
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
}
