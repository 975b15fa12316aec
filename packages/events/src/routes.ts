import { Envelope, FailedEvents, findPublisher, services, type Service } from '@clientela/contracts';
import { forbidden, notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { measureEffect } from './metrics.ts';
import { dropFailed, findFailed, listFailed, resendFailed } from './dead-letters.ts';
import { describeDelivery } from './trace-event.ts';
import { consumeOnce, prepareSubscribers, type Subscription } from './subscribe.ts';

/** Internal event routes: receiving events over HTTP, and listing and resending failed ones. */
export const eventRoutes = (service: Service, subscriptions: readonly Subscription[] = []): Route[] => [
  ...(subscriptions.length > 0 ? [receiveEventRoute(service, subscriptions)] : []),
  ...failedEventRoutes(service),
];

const receiveEventRoute = (service: Service, subscriptions: readonly Subscription[]): Route =>
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'Receive an event',
    allow: { internal: services },
    tenancy: 'global',
    receivesEvents: true,
    body: Envelope,
    responses: { 200: z.strictObject({ processed: z.boolean() }) },
    prepare: async ({ db, body, actor, signal }) => {
      describeDelivery(body);
      assertPublisher(body.name, actor.id);
      return prepareSubscribers(db, subscriptions, body, { signal });
    },
    handle: async ({ tx, body, prepared }) => ({ processed: await consumeOnce(tx, prepared, body) }),
    afterCommit: async ({ body, result }) => {
      if (result.processed) measureEffect(body, service);
    },
  });

/** @throws AppError 403 for a service that delivers another service's event, or acts for a user */
function assertPublisher(name: string, actor_id: string): void {
  const publisher = findPublisher(name);
  if (publisher && actor_id !== `service:${publisher}`)
    throw forbidden(`${name} is published by ${publisher} only`, 'EVENT_OF_ANOTHER_SERVICE');
}

/** Selects one company; default all companies. */
const CompanyFilter = z.strictObject({ company_id: z.uuid().optional() });
const toScope = ({ company_id }: z.infer<typeof CompanyFilter>) =>
  company_id ? { company_id } : { all: true as const };

const FailedQuery = CompanyFilter.extend({
  failed_at: z.iso.datetime().optional(),
  id: z.uuid().optional(),
  subscriber: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(101),
});

/** Called by auth, whose `/api/v1/events/failed` lists the failed events of all services. */
const failedEventRoutes = (service: Service): Route[] => [
  route({
    method: 'get',
    path: '/internal/events/failed',
    summary: 'List failed events',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    query: FailedQuery,
    responses: { 200: FailedEvents },
    handle: async ({ db, query: { limit, failed_at, id, subscriber, ...company } }) => ({
      events: await listFailed(db, service, toScope(company), {
        after: failed_at && id && subscriber ? { failed_at, id, subscriber } : undefined,
        limit,
      }),
    }),
  }),
  route({
    method: 'post',
    path: '/internal/events/failed/{id}/resend',
    summary: 'Resend a failed event',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    params: z.strictObject({ id: z.uuid() }),
    body: CompanyFilter,
    responses: { 200: z.strictObject({ resent: z.int() }) },
    handle: async ({ tx, params, body }) => {
      const resent = await resendFailed(tx, service, { id: params.id, company: toScope(body) });
      if (resent === 0) throw notFound('event');
      return { resent };
    },
  }),
  route({
    method: 'get',
    path: '/internal/events/failed/{id}',
    summary: 'Find a failed event',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    params: z.strictObject({ id: z.uuid() }),
    query: CompanyFilter,
    responses: { 200: FailedEvents },
    handle: async ({ db, params, query }) => ({ events: await findFailed(db, service, toScope(query), params.id) }),
  }),
  route({
    method: 'post',
    path: '/internal/events/failed/{id}/drop',
    summary: 'Drop a failed event',
    description: 'auth has recorded the reason in the audit log before.',
    allow: { internal: ['auth'] },
    tenancy: 'global',
    params: z.strictObject({ id: z.uuid() }),
    body: CompanyFilter,
    responses: { 200: z.strictObject({ dropped: z.int() }) },
    handle: async ({ tx, params, body }) => ({ dropped: await dropFailed(tx, toScope(body), params.id) }),
  }),
];
