import { sessionRevoked } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publish, type EventOrigin } from '@clientela/events';
import { findUser } from '../accounts/store.ts';
import { hashOf, newSeed, type RefreshTokens } from './refresh-token.ts';
import { endSessions, insertSession, type Origin } from './store.ts';

// How sessions begin and end, for every room that lets somebody in or takes access away, in the transaction of that change.

/** How sessions last: what makes their refresh tokens, and for how many days one is good. */
export type SessionRules = { refresh: RefreshTokens; days: number };

export type Begun = { session_id: string; refresh_token: string };

/** Begins a session for somebody who has proven who it is. */
export async function beginSession(tx: Tx, rules: SessionRules, user_id: string, origin: Origin): Promise<Begun> {
  const seed = newSeed();
  const first = (id: string) => rules.refresh.tokenOf({ id, generation: 0, seed });
  const stored = (id: string) => ({ seed, token_hash: hashOf(first(id)) });
  const session_id = await insertSession(tx, user_id, origin, stored, rules.days);
  return { session_id, refresh_token: first(session_id) };
}

/**
 * Ends a user's sessions and says so, once, if there were any; before the user's row is removed, if it is.
 * @param which.except the session that stays
 * @returns how many were ended
 */
export async function revokeSessions(
  tx: Tx,
  cause: EventOrigin,
  which: { user_id: string; except?: string | undefined },
): Promise<number> {
  const sessions = await endSessions(tx, which);
  if (sessions > 0) await sayRevoked(tx, cause, which.user_id, sessions);
  return sessions;
}

/** Says that sessions of a user were ended. */
export async function sayRevoked(tx: Tx, cause: EventOrigin, user_id: string, sessions: number): Promise<void> {
  const version = (await findUser(tx, user_id))?.version ?? 1;
  await publish(tx, sessionRevoked, cause, version, { user_id, sessions });
}
