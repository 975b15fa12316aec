import { requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { forbidden } from '@clientela/errors';
import { pickWritable, type Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { syncDefaultCompanyName } from '../companies/default-name.ts';
import type { CompanyDefaults } from '../companies/schema.ts';
import { insertCompany, lockCompanyRow, lockOpenCompany } from '../companies/store.ts';
import { toUser } from './presenter.ts';
import { changesName, defaultCompanyName } from './rules.ts';
import { WritableMe, type OwnChanges } from './schema.ts';
import { insertUser, lockUser, type StoredUser } from './store.ts';
import {
  changedColumns,
  originOf,
  publishRegistered,
  requireActive,
  saveUser,
  toNewUser,
  type Person,
} from './user-changes.ts';

/** Creates a company and its first user, an admin. */
export async function registerCompany(
  tx: Tx,
  request_id: string,
  { account, company_name, ...person }: Person & { company_name: string | undefined },
  defaults: CompanyDefaults,
): Promise<StoredUser> {
  const name = company_name ?? defaultCompanyName(account);
  const company = await insertCompany(tx, { name, ...defaults });
  const row = {
    ...toNewUser({ account, ...person }, company.country),
    company_id: company.id,
    role: 'admin' as const,
  };
  const user = await publishRegistered(tx, await insertUser(tx, row), request_id);
  const resource = { resource_type: 'company', resource_id: company.id, company_id: company.id };
  await audit(tx, { actor_id: user.id, action: 'company.created', ...resource, request_id });
  return user;
}

/**
 * Adds a customer user to a company that is open to registration.
 * @throws AppError 403 when the company has closed its registration since it was read
 */
export async function joinCompany(
  tx: Tx,
  request_id: string,
  { company_id, ...person }: Person & { company_id: string },
): Promise<StoredUser> {
  const company = await lockOpenCompany(tx, company_id);
  if (!company) throw registrationClosed();
  const row = { ...toNewUser(person, company.country), company_id, role: 'customer' as const };
  return publishRegistered(tx, await insertUser(tx, row), request_id);
}

/** Returns the same error for a closed, an unknown and an inactive company. */
export const registrationClosed = () => forbidden('This company does not accept registrations', 'REGISTRATION_CLOSED');

/** Applies a user's changes to their own record. */
export async function changeOwnUser(
  tx: Tx,
  actor: Actor,
  body: Record<string, unknown>,
  expected: { version: ExpectedVersion; country: string },
): Promise<StoredUser> {
  // Lock order: the company before its users.
  if (actor.company_id !== null && changesName(body)) await lockCompanyRow(tx, actor.company_id);
  const current = requireVersion(requireActive(await lockUser(tx, actor.id)), 'user', expected.version);
  const values: OwnChanges = pickWritable(body, WritableMe, toUser(current));
  const changes = changedColumns(values, current, expected.country);
  const fields_changed = Object.keys(changes).filter((field) => field !== 'phone_typed');
  if (fields_changed.length === 0) return current;
  const origin = { ...originOf(actor), company_id: current.business_id };
  const user = await saveUser(tx, origin, current, changes, fields_changed);
  await syncDefaultCompanyName(tx, actor, current, user);
  return user;
}
