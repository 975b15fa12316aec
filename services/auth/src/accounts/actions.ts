import type { Tx } from '@clientela/db';
import { forbidden, preconditionFailed } from '@clientela/errors';
import { pickWritable, type Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { followFounder } from '../companies/naming.ts';
import { holdCompany, insertCompany, lockOpenCompany } from '../companies/store.ts';
import { acting, announced, causeOf, changesOf, newUser, write, type Person } from './changes.ts';
import { foundedBy, saysNames } from './rules.ts';
import { WritableMe, type MyChanges } from './schema.ts';
import { insertUser, lockUser, type StoredUser } from './store.ts';

/** What a new company starts with. */
export type Defaults = { country: string; currency: string };

/** Founds a company with this user as its admin. */
export async function foundCompany(
  tx: Tx,
  request_id: string,
  { account, password_hash, company_name }: Person & { company_name: string | undefined },
  defaults: Defaults,
): Promise<StoredUser> {
  const name = company_name ?? foundedBy(account);
  const company = await insertCompany(tx, { name, ...defaults });
  const row = {
    ...newUser({ account, password_hash }, company.country),
    company_id: company.id,
    role: 'admin' as const,
  };
  const user = await announced(tx, await insertUser(tx, row), request_id);
  const founded = { resource_type: 'company', resource_id: company.id, company_id: company.id };
  await audit(tx, { actor_id: user.id, action: 'company.created', ...founded, request_id });
  return user;
}

/**
 * Takes a user into a company that is open to everybody, as a customer.
 * @throws AppError 403 when the company has closed meanwhile
 */
export async function joinCompany(
  tx: Tx,
  request_id: string,
  { account, password_hash, company_id }: Person & { company_id: string },
): Promise<StoredUser> {
  const company = await lockOpenCompany(tx, company_id);
  if (!company) throw registrationClosed();
  const row = { ...newUser({ account, password_hash }, company.country), company_id, role: 'customer' as const };
  return announced(tx, await insertUser(tx, row), request_id);
}

/** One answer for a company that is closed, unknown or not active. */
export const registrationClosed = () => forbidden('This company takes no registrations', 'REGISTRATION_CLOSED');

/** Changes what users may write of themselves. */
export async function changeMe(
  tx: Tx,
  actor: Actor,
  body: Record<string, unknown>,
  expected: { version: number | undefined; country: string },
): Promise<StoredUser> {
  if (actor.company_id !== null && saysNames(body)) await holdCompany(tx, actor.company_id); // before its users, as everywhere
  const current = acting(await lockUser(tx, actor.id));
  if (expected.version !== undefined && expected.version !== current.version) throw preconditionFailed();
  const wanted: MyChanges = pickWritable(body, WritableMe, current);
  const changes = changesOf(wanted, current, expected.country);
  const fields_changed = Object.keys(changes).filter((field) => field !== 'phone_typed');
  if (fields_changed.length === 0) return current;
  const cause = { ...causeOf(actor), company_id: current.business_id };
  const user = await write(tx, cause, current, changes, fields_changed);
  await followFounder(tx, actor, current, user);
  return user;
}
