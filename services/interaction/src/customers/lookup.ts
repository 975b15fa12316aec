import { InternalCustomer } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';

type Call = { actor: CompanyActor; signal: AbortSignal };

/** Finds a customer of the actor's company, deleted ones too, by asking the customer service. */
export type CustomerLookup = (id: string, call: Call) => Promise<InternalCustomer>;

/** @throws AppError 404 when there is no such customer, 503 when the customer service does not answer */
export const customerLookup =
  (customer: ServiceClient): CustomerLookup =>
  async (id, call) => {
    const found = await customer.get(`/internal/customers/${id}`, InternalCustomer, call);
    if (!found) throw notFound('customer');
    return found;
  };

/** @throws AppError 409: a deleted customer is still read, but takes nothing new */
export function refuseDeleted({ deleted }: InternalCustomer): void {
  if (deleted) throw conflict({ error_code: 'CUSTOMER_DELETED', detail: 'The customer is deleted; activate it first' });
}
