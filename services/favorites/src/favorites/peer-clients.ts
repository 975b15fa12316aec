import { InternalCustomer, InternalProduct, InternalProfile } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import type { Actor, ServiceClient } from '@clientela/http';
import type { NewFavorite } from './schema.ts';

type Call = { actor: Actor; signal: AbortSignal };

/** Resolves the numbers of a customer and a product to their ids. */
export type CustomerAndProductClient = (
  numbers: NewFavorite,
  call: Call,
) => Promise<{ customer_id: string; product_id: string }>;

/**
 * Calls the customer and the product service concurrently.
 * @throws AppError 404 when one does not exist, 409 for a deleted customer, 503 that names the unavailable service
 */
export const createCustomerAndProductClient =
  (customers: ServiceClient, products: ServiceClient): CustomerAndProductClient =>
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

/** The customer linked to a user; nulls for a user without one. One that is suspended or inactive changes no favorites. */
export type OwnCustomer = ({ id: string; number: number } | { id: null; number: null }) & { isActive: boolean };
export type OwnCustomerClient = (call: Call) => Promise<OwnCustomer>;

/**
 * Fetches the customer linked to the acting user. It is not cached, because the link changes when a profile is deleted and created again.
 * @throws AppError 503 when the customer service is unavailable
 */
export const createOwnCustomerClient =
  (customers: ServiceClient): OwnCustomerClient =>
  async (call) => {
    const profile = await customers.get(`/api/customers/internal/user/${call.actor.id}`, InternalProfile, call);
    if (!profile) return { id: null, number: null, isActive: true };
    const { id, number, status = 'active' } = profile.customer;
    return { id, number, isActive: status === 'active' };
  };
