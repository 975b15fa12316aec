import { eventsBeforeErasure, userDeleted, type Person } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { publish, removeFromEvents } from '@clientela/events';
import type { Actor } from '@clientela/http';
import { auditUser } from '../accounts/user-changes.ts';
import { defaultCompanyName } from '../accounts/rules.ts';
import { findUser, lockUser } from '../accounts/store.ts';
import { lockAuditLog } from '../audit/store.ts';
import { renameIfDefault } from '../companies/default-name.ts';
import { revokeInvitationsOf } from '../invitations/invitation-lifecycle.ts';
import { revokeSessions } from '../sessions/session-lifecycle.ts';
import { lockAdmins } from './store.ts';

/**
 * Restricts a person to the ids auth may act on: the id of another company's user, or of a superuser, becomes null. Keeps an id without
 * a user, because the company's audit log may contain it.
 */
export async function resolvePerson(db: Db, person: Person): Promise<Person> {
  const user = person.user_id === null ? undefined : await findUser(db, person.user_id);
  return user && user.business_id !== person.company_id ? { ...person, user_id: null } : person;
}

/**
 * Revokes a user's sessions before the same transaction deletes the user. Does not protect the company's last active admin: the customer
 * service checks that when it accepts the request. Blocks concurrent sign-ins, and new audit entries with the user's address.
 */
export async function startUserErasure(
  tx: Tx,
  { company_id, customer_id, user_id }: Person,
  request_id: string,
): Promise<void> {
  await removeFromEvents(tx, eventsBeforeErasure, { field: 'user_id', aggregate_id: customer_id, value: user_id });
  if (user_id === null) return;
  await lockAdmins(tx, { business_id: company_id });
  const user = await lockUser(tx, user_id);
  if (!user || user.business_id !== company_id) return;
  const origin: Actor = {
    id: 'service:auth',
    role: 'service',
    company_id,
    session_id: null,
    client_ip: null,
    request_id,
  };
  await revokeSessions(tx, origin, { user_id });
  await revokeInvitationsOf(tx, origin, user_id, true);
  await publish(tx, userDeleted, origin, user.version + 1, { user_id, hard: true });
  await auditUser(tx, origin, user, 'user.erased');
  await renameIfDefault(tx, origin, company_id, defaultCompanyName(user));
  await lockAuditLog(tx, user_id); // taken last, because a transaction that holds it never waits for the locks above
}
