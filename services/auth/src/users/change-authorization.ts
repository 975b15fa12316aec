import { accessLevel } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { unauthenticated } from '@clientela/errors';
import type { ChangeAuthorization, RequestedChange } from '@clientela/http';
import { affectsCompany } from '../accounts/rules.ts';
import { lockSuperusers } from '../accounts/store.ts';
import { lockCompanyRow, shareCompanyRow } from '../companies/store.ts';
import { isCurrentActor, lockCurrentActor } from './store.ts';

/**
 * Decides every change in auth by the actor's session, user, role and company as they are stored, because gateways learn only later that
 * a token was revoked. Lock order of all transactions in auth: superusers, companies, users, sessions.
 */
export const changeAuthorization: ChangeAuthorization = {
  check: async (db, { actor }) => {
    if (!(await isCurrentActor(db, actor))) throw unauthenticated();
  },
  lock: async (tx, change) => {
    await lockCompanyOf(tx, change);
    if (!(await lockCurrentActor(tx, change.actor))) throw unauthenticated();
  },
};

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
  const permission = typeof allow === 'object' && 'permission' in allow ? allow.permission : allow;
  if (role === 'service' || typeof permission !== 'string') return true;
  return permission !== 'signed_in' && permission !== 'open' && accessLevel(role, permission) === 'any';
}
