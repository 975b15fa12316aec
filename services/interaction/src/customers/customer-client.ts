import { InternalCustomer, InternalTimeline } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';
import type { Position } from '../lists/rules.ts';

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

/** What the customer service knows of a customer's timeline: at most `limit` notes and changes of status that follow a position. */
export type NoteLookup = (
  id: string,
  asked: { after: Position | undefined; limit: number },
  call: Call,
) => Promise<InternalTimeline['items']>;

/** @throws AppError 404 when there is no such customer, 503 when the customer service does not answer */
export const noteLookup =
  (customer: ServiceClient): NoteLookup =>
  async (id, { after, limit }, call) => {
    const before = after ? `&before=${encodeURIComponent(`${after.occurred_at},${after.id}`)}` : '';
    const found = await customer.get(
      `/internal/customers/${id}/timeline?limit=${limit}${before}`,
      InternalTimeline,
      call,
    );
    if (!found) throw notFound('customer');
    return found.items;
  };
