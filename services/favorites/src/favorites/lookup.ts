import { InternalCustomer, InternalProduct, InternalProfile } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import type { Actor, ServiceClient } from '@clientela/http';
import type { NewFavorite } from './schema.ts';

type Call = { actor: Actor; signal: AbortSignal };

/** The ids of the customer and the product whose numbers are given. */
export type PairLookup = (pair: NewFavorite, call: Call) => Promise<{ customer_id: string; product_id: string }>;

/**
 * Asks the customer and the product service, both at once.
 * @throws AppError 404 for whichever does not exist, 409 for a deleted customer, 503 naming the service that does not answer
 */
export const pairLookup =
  (customers: ServiceClient, products: ServiceClient): PairLookup =>
  async ({ user_id, item_id }, call) => {
    const [customer, product] = await Promise.all([
      customers.get(`/internal/customers/${user_id}`, InternalCustomer, call),
      products.get(`/internal/products/${item_id}`, InternalProduct, call),
    ]);
    if (!customer) throw notFound('customer');
    if (!product) throw notFound('product');
    if (customer.deleted) {
      throw conflict({ error_code: 'CUSTOMER_DELETED', detail: 'The customer is deleted; activate it first' });
    }
    return { customer_id: customer.id, product_id: product.id };
  };

/** The customer that a user is; nulls for one who is none. */
export type Owner = { id: string; number: number } | { id: null; number: null };
export type OwnLookup = (call: Call) => Promise<Owner>;

/**
 * Asks the customer service who the caller is there, each time: the answer can change, as when a profile is removed and made anew.
 * @throws AppError 503 when it does not answer
 */
export const ownLookup =
  (customers: ServiceClient): OwnLookup =>
  async (call) => {
    const found = await customers.get(`/api/customers/internal/user/${call.actor.id}`, InternalProfile, call);
    return found?.customer ?? { id: null, number: null };
  };
