import { notFound, unavailable } from '@clientela/errors';
import { dropFailed, findFailed, listFailed, resendFailed } from '@clientela/events';
import { route, type Cursors, type Route, type ServiceClient } from '@clientela/http';
import { Message } from '@clientela/validation';
import { auditDroppedEvent } from '../audit/actions.ts';
import { dropFailedEvent, fetchFailedEvents, findFailedEvent, resendFailedEvent } from './other-services.ts';
import { DropReason, FailedEventId, FailedEventsPage, FailedEventsQuery } from './schema.ts';

export type EventDeps = {
  cursors: Cursors;
  /** Clients of the other services, each of which stores its own failed events. */
  services: readonly ServiceClient[];
};

export const failedEventRoutes = ({ cursors, services }: EventDeps): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/events/failed',
    operation: 'events.failed.list',
    summary: 'List failed events',
    description:
      'Covers all services, newest failure first, by cursor. Only superusers see events that belong to no company.',
    allow: 'events:manage',
    tenancy: 'company-or-all',
    query: FailedEventsQuery,
    responses: { 200: FailedEventsPage },
    handle: async ({ db, scope, query: { cursor, per_page }, actor, signal }) => {
      const binding = { list: 'failed_events', scope };
      const [failed_at, id, subscriber] = cursor ? cursors.decode(cursor, binding).map(String) : [];
      const after = failed_at && id && subscriber ? { failed_at, id, subscriber } : undefined;
      const page = { after, limit: per_page + 1 }; // one extra row shows whether there is a next page
      const remote = await fetchFailedEvents(services, scope, page, { actor, signal });
      const rows = [...(await listFailed(db, 'auth', scope, page)), ...remote.events].toSorted(newestFirst);
      const events = rows.slice(0, per_page);
      const last = rows.length > per_page ? events.at(-1) : undefined;
      const next_cursor = last ? cursors.encode([last.failed_at, last.id, last.subscriber], binding) : null;
      return { events, per_page, next_cursor, unavailable: remote.unavailable };
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/events/failed/{event_id}/resend',
    operation: 'events.failed.resend',
    errors: { 404: ['EVENT_NOT_FOUND'] },
    summary: 'Resend a failed event',
    description: 'Retries every failed delivery of the event. Subscribers that have processed it already ignore it.',
    allow: 'events:manage',
    tenancy: 'company-or-all',
    params: FailedEventId,
    responses: { 200: Message },
    prepare: ({ scope, params, actor, signal }) =>
      resendFailedEvent(services, scope, params.event_id, { actor, signal }),
    handle: async ({ tx, scope, params, prepared }) => {
      const resent = await resendFailed(tx, 'auth', { id: params.event_id, company: scope });
      if (resent === 0 && !prepared.found) throw notFoundOrUnavailable(prepared.unavailable);
      return { message: 'Event is sent again' };
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/events/failed/{event_id}',
    operation: 'events.failed.drop',
    errors: { 404: ['EVENT_NOT_FOUND'] },
    summary: 'Drop a failed event',
    description:
      'For an event that can never be delivered: no service that it failed at gets it any more. The audit log keeps its id, its name, where it ' +
      'failed and the reason, which must not name a person.',
    allow: 'events:manage',
    tenancy: 'company-or-all',
    params: FailedEventId,
    body: DropReason,
    example: { reason: 'Its subscriber no longer exists' },
    responses: { 200: Message },
    transaction: 'own', // the audit entry is committed before the other services drop the event
    handle: async ({ db, scope, params: { event_id: id }, body, actor, signal }) => {
      const remote = await findFailedEvent(services, scope, id, { actor, signal });
      await db.transaction(async (tx) => {
        const events = [...(await findFailed(tx, 'auth', scope, id)), ...remote.events];
        // A service that is unreachable may hold the event as well.
        if (events.length === 0 || remote.unavailable.length > 0) throw notFoundOrUnavailable(remote.unavailable);
        await auditDroppedEvent(tx, actor, events, body.reason);
        await dropFailed(tx, scope, id);
      });
      const holders = services.filter(({ service }) => remote.events.some((event) => event.service === service));
      const unreachable = await dropFailedEvent(holders, scope, id, { actor, signal });
      if (unreachable.length > 0) throw notFoundOrUnavailable(unreachable);
      return { message: 'Event dropped' };
    },
  }),
];

/** Returns 503 instead of 404 when an unreachable service may hold the event. */
const notFoundOrUnavailable = (unreachable: readonly string[]) =>
  unreachable.length > 0 ? unavailable(`Unreachable services: ${unreachable.join(', ')}`) : notFound('event');

type Failure = { failed_at: string; id: string; subscriber: string };
const newestFirst = (a: Failure, b: Failure) => (sortKey(a) < sortKey(b) ? 1 : -1);
const sortKey = ({ failed_at, id, subscriber }: Failure) => `${failed_at} ${id} ${subscriber}`;
