import { Envelope, FailedEvents, findPublisher, services, type Service } from '@clientela/contracts';
import { afterCommit } from '@clientela/db';
import { forbidden, notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { measureEffect } from './metrics.ts';
import { dropFailed, findFailed, listFailed, resendFailed } from './dead-letters.ts';
import { consumeOnce, prepareEvents, type Subscription } from './subscribe.ts';
import { describeDelivery, traceOthers } from './trace-events.ts';

/** Internal event routes: receiving events over HTTP, and listing and resending failed ones. */
export const eventRoutes = (service: Service, subscriptions: readonly Subscription[] = []): Route[] => [
  ...(subscriptions.length > 0 ? [receiveEventsRoute(service, subscriptions)] : []),
  ...failedEventRoutes(service),
];

/** Events of one call at most. */
export const maxEvents = 100;
const maxBytes = 4 * 1024 * 1024; // of a call; a publisher sends the events of a longer one alone

/**
 * Receives one event, or an array in the order of its records. An array takes effect wholly or not at all; when it fails, its publisher
 * sends smaller ones, down to single events.
 */
const receiveEventsRoute = (service: Service, subscriptions: readonly Subscription[]): Route =>
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'Receive an event, or an array of events',
    allow: { internal: services },
    tenancy: 'global',
    receivesEvents: true,
    body: z.union([Envelope, z.array(Envelope).min(1).max(maxEvents)]),
    bodyLimit: maxBytes,
    responses: {
      200: z.strictObject({ processed: z.boolean().or(z.int().describe('of an array: events not processed before')) }),
    },
    prepare: async ({ db, body, actor, signal }) => {
      const events = [body].flat();
      describeDelivery(events);
      for (const name of new Set(events.map((event) => event.name))) assertPublisher(name, actor.id);
      return prepareEvents(db, subscriptions, events, { signal });
    },
    handle: async ({ tx, body, prepared }) => {
      const events = await consumeOnce(tx, prepared);
      afterCommit(tx, () => {
        for (const event of events) measureEffect(event, service);
        traceOthers([body].flat(), 'http');
      });
      return { processed: Array.isArray(body) ? events.length : events.length > 0 };
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
