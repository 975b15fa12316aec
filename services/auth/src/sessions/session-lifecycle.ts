import { sessionRevoked } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publish, type EventOrigin } from '@clientela/events';
import { findUser } from '../accounts/store.ts';
import { announceRevocations } from './announcements.ts';
import { generateSeed, hashToken, type RefreshTokens } from './refresh-token.ts';
import { endSessions, insertSession, type SessionOrigin } from './store.ts';

// Creates and revokes sessions for every feature module that grants or removes access, in the transaction of its change.

/** `refreshDays`: the lifetime of a refresh token. */
export type SessionOptions = { refreshTokens: RefreshTokens; refreshDays: number };

export type NewSession = { session_id: string; refresh_token: string };

/** Creates a session for an authenticated user, with the transaction's next statement. */
export function createSession(tx: Tx, options: SessionOptions, user_id: string, origin: SessionOrigin): NewSession {
  const seed = generateSeed();
  const firstToken = (id: string) => options.refreshTokens.create({ id, generation: 0, seed });
  const stored = (id: string) => ({ seed, token_hash: hashToken(firstToken(id)) });
  const session_id = insertSession(tx, user_id, origin, stored, options.refreshDays);
  return { session_id, refresh_token: firstToken(session_id) };
}

/**
 * Ends a user's sessions and publishes one event if there were any. Call it before the user's row is deleted.
 * @param which.except the session to keep
 * @returns the number of revoked sessions
 */
export async function revokeSessions(
  tx: Tx,
  origin: EventOrigin,
  which: { user_id: string; except?: string | undefined },
): Promise<number> {
  const sessions = await endSessions(tx, which);
  if (sessions > 0) await publishRevoked(tx, origin, which.user_id, sessions);
  return sessions;
}

/** Publishes the event of ended sessions, and announces them to the gateways. */
export async function publishRevoked(tx: Tx, origin: EventOrigin, user_id: string, sessions: number): Promise<void> {
  const version = (await findUser(tx, user_id))?.version ?? 1;
  await publish(tx, sessionRevoked, origin, version, { user_id, sessions });
  announceRevocations(tx);
}
