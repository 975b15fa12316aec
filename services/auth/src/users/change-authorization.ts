import { accessLevel, type Permission } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { unauthenticated } from '@clientela/errors';
import { isApiKey, type ChangeAuthorization, type RequestedChange } from '@clientela/http';
import { isCurrentKey } from '../api-keys/store.ts';
import { affectsCompany } from '../accounts/rules.ts';
import { lockSuperusers } from '../accounts/store.ts';
import { lockCompanyRow, shareCompanyRow } from '../companies/store.ts';
import { isCurrentActor, lockCurrentActor } from './store.ts';

/**
 * Decides every change in auth by the actor's session, user, role and company as they are stored (or by its API key), because gateways
 * learn only later that a token was revoked. Lock order of all transactions in auth: superusers, companies, users, sessions, API keys.
 */
export const changeAuthorization: ChangeAuthorization = {
  check: async (db, { actor, allow }) => {
    const isCurrent = isApiKey(actor)
      ? await isAuthorizedKey(db, { actor, allow }, false)
      : await isCurrentActor(db, actor);
    if (!isCurrent) throw unauthenticated();
  },
  lock: async (tx, change) => {
    await lockCompanyOf(tx, change);
    const { actor } = change;
    const isCurrent = isApiKey(actor) ? await isAuthorizedKey(tx, change, true) : await lockCurrentActor(tx, actor);
    if (!isCurrent) throw unauthenticated();
  },
};

/** Whether an API key, as it is stored, still has the permission of the route. */
async function isAuthorizedKey(
  db: Db,
  { actor, allow }: Pick<RequestedChange, 'actor' | 'allow'>,
  lock: boolean,
): Promise<boolean> {
  const permission = permissionIn(allow);
  if (permission === undefined) return false;
  return isCurrentKey(db, actor, permission, lock);
}

/** The permission that a route needs, if it needs one. */
function permissionIn(allow: RequestedChange['allow']): Permission | undefined {
  if (typeof allow === 'object') return 'permission' in allow ? allow.permission : undefined;
  return allow === 'open' || allow === 'signed_in' ? undefined : allow;
}

/**
 * Serializes administration per company, so that two admins who remove each other cannot deadlock. Changes of one's own record share the
 * company, unless they may affect it.
 */
async function lockCompanyOf(tx: Tx, { actor, allow, body }: RequestedChange): Promise<void> {
  const isAdministration = administers(actor, allow);
  if (actor.role === 'superuser' || actor.company_id === null) {
    if (isAdministration) await lockSuperusers(tx);
  } else if (isAdministration || affectsCompany(body as Record<string, unknown>))
    await lockCompanyRow(tx, actor.company_id);
  else await shareCompanyRow(tx, actor.company_id);
}

/** Whether the route lets the actor change more than their own record. */
function administers({ role }: RequestedChange['actor'], allow: RequestedChange['allow']): boolean {
  if (role === 'service' || (typeof allow === 'object' && 'internal' in allow)) return true;
  const permission = permissionIn(allow);
  return permission !== undefined && accessLevel(role, permission) === 'any';
}
