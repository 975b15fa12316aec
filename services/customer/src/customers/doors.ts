import type { Db } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { withETag, type Actor, type CompanyActor, type Route } from '@clientela/http';
import { seenBy } from './rules.ts';
import type { Customer } from './schema.ts';
import { findCustomer, findUserOf, type StoredCustomer } from './store.ts';

// What the doors of a customer share, in whichever room they are.

/** The record, all of it, as other programs see it; how its name came about, the typed phone and the deletion mark stay inside. */
export const recordOf = ({
  version: _v,
  deleted_at: _d,
  full_name_built: _f,
  phone_typed: _p,
  ...customer
}: StoredCustomer): Customer => customer;

/** The record as it is answered to a user. */
export const shown = (actor: Actor, customer: StoredCustomer) => seenBy(actor.role, recordOf(customer));

export const saved = (actor: Actor, message: string, customer: StoredCustomer) =>
  withETag(customer.version, { message, customer: shown(actor, customer) });

/** What a POST that answers a customer answers again when it is repeated and the answer was too long to be kept. */
export async function savedAgain(
  message: string,
  { db, actor, reference }: { db: Db; actor: CompanyActor; reference: string },
) {
  const customer = await findCustomer(db, actor.company_id, reference);
  if (!customer) throw notFound('customer');
  return saved(actor, message, customer);
}

/** Whether `{customer_id}` is the caller's own record. */
export const own = async ({ actor, params, db }: Parameters<Extract<Route['allow'], { own: unknown }>['own']>[0]) =>
  (await findUserOf(db, actor.company_id, params['customer_id'] ?? '')) === actor.id;
