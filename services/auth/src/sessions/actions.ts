import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { isActive } from '../accounts/rules.ts';
import { findUser, type StoredUser } from '../accounts/store.ts';
import { audit } from '../audit/store.ts';
import { hashToken, type ParsedRefreshToken } from './refresh-token.ts';
import { publishRevoked, type NewSession, type SessionOptions } from './session-lifecycle.ts';
import { endSession, endSessions, findSession, rotateRefreshToken, type StoredSession } from './store.ts';

/** The origin of a request without a signed-in user. */
type RequestOrigin = { request_id: string; client_ip: string | null };

/**
 * Rotates an authentic refresh token. The previous token returns the same successor for a few seconds, because its response may have
 * been lost. Any older token indicates theft: it ends the session, which the caller must commit.
 * @returns undefined when the token is not valid
 */
export async function renewSession(
  tx: Tx,
  options: SessionOptions,
  { session, parsed, token }: { session: StoredSession; parsed: ParsedRefreshToken; token: string },
  request: RequestOrigin,
): Promise<(NewSession & { user: StoredUser }) | undefined> {
  const next = options.refreshTokens.create({ ...session, generation: parsed.generation + 1 });
  const hashes = { current: hashToken(token), next: hashToken(next) };
  if (parsed.generation === session.generation) {
    const user_id = await rotateRefreshToken(tx, parsed, hashes, options.refreshDays);
    if (user_id !== undefined) return continueSession(tx, user_id, session.id, next);
  }
  // Reads without a lock: a used token never becomes valid again, so concurrent replays need not wait for each other.
  const current = await findSession(tx, session.id);
  if (!current?.live || !current.user_id || parsed.generation >= current.generation) return undefined;
  if (parsed.generation === current.generation - 1 && current.recently_rotated) {
    return continueSession(tx, current.user_id, session.id, next);
  }
  await revokeReusedSession(tx, current.user_id, session.id, request);
  return undefined;
}

async function continueSession(tx: Tx, user_id: string, session_id: string, refresh_token: string) {
  const user = await findUser(tx, user_id);
  return user && isActive(user) ? { user, session_id, refresh_token } : undefined;
}

async function revokeReusedSession(
  tx: Tx,
  user_id: string,
  id: string,
  { request_id, client_ip }: RequestOrigin,
): Promise<void> {
  const company_id = (await findUser(tx, user_id))?.business_id ?? null;
  if (!(await endSession(tx, user_id, id))) return; // already revoked
  await publishRevoked(tx, { id: 'service:auth', company_id, request_id }, user_id, 1);
  await audit(tx, {
    actor_id: 'service:auth',
    action: 'session.token_reused',
    resource_type: 'user', // not the session, which is deleted sooner than erasure may look for the address
    resource_id: user_id,
    company_id,
    result: 'refused',
    ip: client_ip,
    request_id,
  });
}

/** Ends the session of the request; has no effect when it has ended already. */
export async function signOut(tx: Tx, actor: Actor): Promise<void> {
  if (actor.session_id && (await endSession(tx, actor.id, actor.session_id))) {
    await recordRevoked(tx, actor, actor.session_id, 1);
  }
}

export async function signOutEverywhere(tx: Tx, actor: Actor): Promise<void> {
  const sessions = await endSessions(tx, { user_id: actor.id });
  if (sessions > 0) await recordRevoked(tx, actor, null, sessions);
}

/** @throws AppError 404 when the actor has no live session with this id */
export async function endOwnSession(tx: Tx, actor: Actor, id: string): Promise<void> {
  if (!(await endSession(tx, actor.id, id))) throw notFound('session');
  await recordRevoked(tx, actor, id, 1);
}

/** @param id null when all sessions were revoked */
async function recordRevoked(tx: Tx, actor: Actor, id: string | null, sessions: number): Promise<void> {
  await publishRevoked(tx, actor, actor.id, sessions);
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
