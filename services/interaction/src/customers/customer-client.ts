import { InternalCustomer, InternalTimeline } from '@clientela/contracts';
import { conflict, notFound } from '@clientela/errors';
import type { CompanyActor, ServiceClient } from '@clientela/http';
import type { Position } from '../lists/rules.ts';

type Call = { actor: CompanyActor; signal: AbortSignal };

/**
 * Fetches a customer of the actor's company, soft-deleted ones included.
 * @throws AppError 404 for an unknown customer, 503 while the customer service is unavailable
 */
export type CustomerClient = (id: string, call: Call) => Promise<InternalCustomer>;

export const createCustomerClient =
  (customers: ServiceClient): CustomerClient =>
  async (id, call) => {
    const customer = await customers.get(`/internal/customers/${id}`, InternalCustomer, call);
    if (!customer) throw notFound('customer');
    return customer;
  };

/** Rejects new records of a soft-deleted customer, whose existing records stay readable. @throws AppError 409 */
export function rejectDeleted({ deleted }: InternalCustomer): void {
  if (deleted) throw conflict({ error_code: 'CUSTOMER_DELETED', detail: 'The customer is deleted; activate it first' });
}

/**
 * Fetches at most `limit` notes and status changes of a customer, newest first, after a position.
 * @throws AppError 404 for an unknown customer, 503 while the customer service is unavailable
 */
export type TimelineNotesClient = (
  id: string,
  range: { after: Position | undefined; limit: number },
  call: Call,
) => Promise<InternalTimeline['items']>;

export const createTimelineNotesClient =
  (customers: ServiceClient): TimelineNotesClient =>
  async (id, { after, limit }, call) => {
    const before = after ? `&before=${encodeURIComponent(`${after.at},${after.id}`)}` : '';
    const path = `/internal/customers/${id}/timeline?limit=${limit}${before}`;
    const timeline = await customers.get(path, InternalTimeline, call);
    if (!timeline) throw notFound('customer');
    return timeline.items;
  };
