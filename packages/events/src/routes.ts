import { Envelope, FailedEvents, services, type Service } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { listFailed, resendFailed } from './dead-letters.ts';
import { consumeOnce, prepareSubscribers, type Subscription } from './subscribe.ts';

/** The internal doors of events: by which they come in over HTTP, and by which auth asks for those that failed. */
export const eventRoutes = (service: Service, subscriptions: readonly Subscription[] = []): Route[] => [
  ...(subscriptions.length > 0 ? [hearing(subscriptions)] : []),
  ...failed(service),
];

const hearing = (subscriptions: readonly Subscription[]): Route =>
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'Hear an event',
    allow: { internal: services },
    tenancy: 'global',
    body: Envelope,
    responses: { 200: z.strictObject({ heard: z.boolean() }) },
    prepare: ({ db, body, signal }) => prepareSubscribers(db, subscriptions, body, { signal }),
    handle: async ({ tx, body, prepared }) => ({ heard: await consumeOnce(tx, prepared, body) }),
  });

/** Of one company, or, left out, of all. */
const Company = z.strictObject({ company_id: z.uuid().optional() });
const scopeOf = ({ company_id }: z.infer<typeof Company>) => (company_id ? { company_id } : { all: true as const });

const Position = Company.extend({
  failed_at: z.iso.datetime().optional(),
  id: z.uuid().optional(),
  subscriber: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(101),
});

/** What auth asks every service for, as its own `/api/v1/events/failed` is about all of them. */
const failed = (service: Service): Route[] => [
  route({
    method: 'get',
    path: '/internal/events/failed',
    summary: 'Events that did not get through',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    query: Position,
    responses: { 200: FailedEvents },
    handle: async ({ db, query: { limit, failed_at, id, subscriber, ...company } }) => ({
      events: await listFailed(db, service, scopeOf(company), {
        after: failed_at && id && subscriber ? { failed_at, id, subscriber } : undefined,
        limit,
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/internal/events/failed/{id}/resend',
    summary: 'Send an event again that did not get through',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    params: z.strictObject({ id: z.uuid() }),
    body: Company,
    responses: { 200: z.strictObject({ resent: z.int() }) },
    handle: async ({ tx, params, body }) => {
      const resent = await resendFailed(tx, service, { id: params.id, company: scopeOf(body) });
      if (resent === 0) throw notFound('event');
      return { resent };
    },
  }),
];
