import { newId, type Tx } from '@clientela/db';
import { preconditionFailed } from '@clientela/errors';
import type { Actor } from '@clientela/http';
import { acting, causeOf, write } from '../accounts/changes.ts';
import type { Verdict } from '../accounts/passwords.ts';
import { lockUser, type StoredUser } from '../accounts/store.ts';
import { countSignIn } from '../analytics/store.ts';
import { audit, type AuditEntry } from '../audit/store.ts';
import { beginSession, revokeSessions, type Begun, type SessionRules } from '../sessions/lifetime.ts';
import { isLive, type Origin } from '../sessions/store.ts';
import { networkOf } from './network.ts';
import {
  findPassword,
  judgeInTurn,
  noteFailure,
  noteSignIn,
  noteSuccess,
  standingOf,
  type SignInRecord,
} from './store.ts';

/** Somebody's try: the user that was named, if there is one, and whether the password was its own. */
export type Attempt = { record: SignInRecord | undefined; verdict: Verdict };

export type Request = Origin & { request_id: string };

/**
 * Signs somebody in whose password was right, unless the account is locked for where this comes from. A refusal is a change as well,
 * which the caller commits. Locks are looked at after the hashing: of many tries at once no more count than of as many in a row.
 * @returns undefined when nobody is signed in, whatever the reason
 */
export async function attemptSignIn(
  tx: Tx,
  rules: SessionRules,
  { record: found, verdict }: Attempt,
  request: Request,
): Promise<(Begun & { user: StoredUser }) | undefined> {
  const network = networkOf(request.ip);
  const user_id = found?.id ?? newId(); // of somebody who does not exist nothing is found and nothing kept, by the same statements
  await judgeInTurn(tx, user_id);
  const { locked, there } = await standingOf(tx, user_id, network);
  const record = there ? found : undefined; // who was removed while this was hashed is a name that nobody has
  if (!locked && record && verdict.right) {
    const user = await noteSignIn(tx, record, verdict.renewed);
    if (user) {
      await noteSuccess(tx, user.id, network);
      const begun = await beginSession(tx, rules, user.id, request);
      await tell(tx, user.id, record, 'sign_in', request);
      return { ...begun, user };
    }
  } else if (!locked) await noteFailure(tx, user_id, network);
  await tell(tx, null, record, 'sign_in.refused', request);
  return undefined;
}

/** A line of the trail, and the day's count; of a name that nobody has, nothing but where it was tried from. */
async function tell(
  tx: Tx,
  actor_id: string | null,
  record: SignInRecord | undefined,
  action: 'sign_in' | 'sign_in.refused',
  { ip, request_id }: Request,
): Promise<void> {
  const company_id = record?.company_id ?? null;
  const done = action === 'sign_in';
  const entry: AuditEntry = {
    actor_id,
    action,
    resource_type: 'user',
    resource_id: record?.id ?? null,
    company_id,
    result: done ? 'done' : 'refused',
    ip,
    request_id,
  };
  await audit(tx, entry, true);
  await countSignIn(tx, company_id, done ? 'signed_in' : 'failed');
}

/**
 * Changes one's own password and ends the other sessions. A wrong present one counts as a failed sign-in: a stolen access token is no
 * way to guess it.
 * @param change.password_hash of the new one; undefined when the present one was wrong
 * @returns false when the present one was wrong, or may not be tried now, which the caller commits
 */
export async function changePassword(
  tx: Tx,
  actor: Actor,
  change: { record: SignInRecord | undefined; password_hash: string | undefined },
): Promise<boolean> {
  await judgeInTurn(tx, actor.id);
  const current = acting(await lockUser(tx, actor.id));
  acting(actor.session_id && (await isLive(tx, actor.id, actor.session_id)) ? current : undefined);
  const network = networkOf(actor.client_ip);
  if ((await standingOf(tx, actor.id, network)).locked) return refuse(tx, actor, current);
  if (change.password_hash === undefined) {
    await noteFailure(tx, actor.id, network);
    return refuse(tx, actor, current);
  }
  // Changed meanwhile: what was right then is right no longer.
  if ((await findPassword(tx, actor.id))?.password_hash !== change.record?.password_hash) throw preconditionFailed();
  const cause = { ...causeOf(actor), company_id: current.business_id };
  await write(tx, cause, current, { password_hash: change.password_hash }, ['password']);
  await revokeSessions(tx, cause, { user_id: actor.id, except: actor.session_id ?? undefined });
  return true;
}

async function refuse(tx: Tx, actor: Actor, user: StoredUser): Promise<false> {
  await audit(tx, {
    actor_id: actor.id,
    action: 'user.password.changed',
    resource_type: 'user',
    resource_id: actor.id,
    company_id: user.business_id,
    result: 'refused',
    ip: actor.client_ip,
    request_id: actor.request_id,
  });
  return false;
}
