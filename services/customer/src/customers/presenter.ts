import type { Db } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { withETag, type Actor, type CompanyActor, type Route } from '@clientela/http';
import { redactForRole } from './rules.ts';
import type { Customer } from './schema.ts';
import { findCustomer, findUserIdOf, type StoredCustomer } from './store.ts';

// Response shapes of a customer, shared by the routes of all feature modules.

/** Returns the full public record, for other services; internal columns are left out. */
export const toRecord = ({
  version: _version,
  deleted_at: _deletedAt,
  full_name_built: _fullNameBuilt,
  phone_typed: _phoneTyped,
  ...customer
}: StoredCustomer): Customer => customer;

/** Returns the fields of the record that the actor's role may see. */
export const toResponse = (actor: Actor, customer: StoredCustomer) => redactForRole(actor.role, toRecord(customer));

export const toSavedResponse = (actor: Actor, message: string, customer: StoredCustomer) =>
  withETag(customer.version, { message, customer: toResponse(actor, customer) });

/** Rebuilds the response of a repeated POST whose response was too long to be stored. */
export async function replaySaved(
  message: string,
  { db, actor, reference }: { db: Db; actor: CompanyActor; reference: string },
) {
  const customer = await findCustomer(db, actor.company_id, reference);
  if (!customer) throw notFound('customer');
  return toSavedResponse(actor, message, customer);
}

type OwnershipContext = Parameters<Extract<Route['allow'], { own: unknown }>['own']>[0];

/** Tells whether `{customer_id}` is the customer record of the signed-in user. */
export const ownsCustomer = async ({ actor, params, db }: OwnershipContext): Promise<boolean> =>
  (await findUserIdOf(db, actor.company_id, params['customer_id'] ?? '')) === actor.id;
