import { withETag, type Actor, type Route } from '@clientela/http';
import { redactForRole } from './rules.ts';
import type { Customer } from './schema.ts';
import { findUserIdOf, type StoredCustomer } from './store.ts';

// Response shapes of a customer, shared by the routes of all feature modules.

/** Returns the full public record, for other services; internal columns are left out. */
export const toRecord = ({
  deleted_at: _deletedAt,
  full_name_built: _fullNameBuilt,
  phone_typed: _phoneTyped,
  ...customer
}: StoredCustomer): Customer => customer;

/** Returns the fields of the record that the actor's role may see. */
export const toResponse = (actor: Actor, customer: StoredCustomer) => redactForRole(actor.role, toRecord(customer));

export const toSavedResponse = (actor: Actor, message: string, customer: StoredCustomer) =>
  withETag(customer.version, { message, customer: toResponse(actor, customer) });

type OwnershipContext = Parameters<Extract<Route['allow'], { own: unknown }>['own']>[0];

/** Tells whether `{customer_id}` is the customer record of the signed-in user. */
export const ownsCustomer = async ({ actor, params, db }: OwnershipContext): Promise<boolean> =>
  (await findUserIdOf(db, actor.company_id, params['customer_id'] ?? '')) === actor.id;
