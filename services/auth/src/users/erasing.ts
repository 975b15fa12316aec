import type { Person } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import type { Actor } from '@clientela/http';
import { auditUser } from '../accounts/user-changes.ts';
import { defaultCompanyName } from '../accounts/rules.ts';
import { findUser, lockUser } from '../accounts/store.ts';
import { lockAuditLog } from '../audit/store.ts';
import { renameIfDefault } from '../companies/default-name.ts';
import { lockSignInAttempts } from '../sign-ins/store.ts';
import { deleteUserWithSessions } from './actions.ts';
import { countSignInRows, lockAdmins } from './store.ts';

/**
 * Whom auth may say or do anything about: a user id that is another company's user, or a superuser, is nobody here. One that no user has
 * any more stays: the trail of the company may know it.
 */
export async function whom(db: Db, person: Person): Promise<Person> {
  const user = person.user_id === null ? undefined : await findUser(db, person.user_id);
  return user && user.business_id !== person.company_id ? { ...person, user_id: null } : person;
}

/**
 * Takes a person's user away at once, with all that belongs to it but the trail; its sessions stay, without the person, so that gateways refuse
 * their tokens. It is done though the company loses its last active admin: whoever takes such a request asks before.
 * Nobody signs in meanwhile, and no address of the user's gets into the trail afterwards.
 * @returns how many rows went, or were blanked, by table
 */
export async function eraseUser(
  tx: Tx,
  { company_id, user_id }: Person,
  request_id: string,
): Promise<Record<string, number>> {
  if (user_id === null) return {};
  await lockSignInAttempts(tx, user_id);
  await lockAdmins(tx, { business_id: company_id });
  const user = await lockUser(tx, user_id);
  if (!user || user.business_id !== company_id) return {};
  const cause: Actor = {
    id: 'service:auth',
    role: 'service',
    company_id,
    session_id: null,
    client_ip: null,
    request_id,
  };
  const signIns = await countSignInRows(tx, user_id);
  const sessions = await deleteUserWithSessions(tx, cause, user);
  await auditUser(tx, cause, user, 'user.erased');
  await renameIfDefault(tx, cause, company_id, defaultCompanyName(user));
  await lockAuditLog(tx, user_id); // last: who holds it has all that this waited for
  return { ...signIns, sessions, users: 1 };
}
