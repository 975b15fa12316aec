import { notFound, unavailable } from '@clientela/errors';
import { listFailed, resendFailed } from '@clientela/events';
import { route, type Cursors, type Route, type ServiceClient } from '@clientela/http';
import { Uuid } from '@clientela/validation';
import { z } from 'zod';
import { failedElsewhere, resendElsewhere } from './ask.ts';
import { FailedEventsPage, FailedEventsQuery, Resent } from './schema.ts';

export type EventParts = {
  cursors: Cursors;
  /** The other services: each keeps what failed at its side. */
  services: readonly ServiceClient[];
};

export const failedEventRoutes = ({ cursors, services }: EventParts): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/events/failed',
    summary: 'Events that did not get through',
    description:
      'Of all services, newest failure first, by cursor. Those of no company are shown to a superuser alone.',
    allow: 'events:manage',
    tenancy: 'company-or-all',
    query: FailedEventsQuery,
    responses: { 200: FailedEventsPage },
    handle: async ({ db, scope, query: { cursor, per_page }, actor, signal }) => {
      const binding = { list: 'failed_events', scope };
      const [failed_at, id, subscriber] = cursor ? cursors.decode(cursor, binding).map(String) : [];
      const after = failed_at && id && subscriber ? { failed_at, id, subscriber } : undefined;
      const page = { after, limit: per_page + 1 }; // one more than is shown tells whether there is more
      const others = await failedElsewhere(services, scope, page, { actor, signal });
      const rows = [...(await listFailed(db, 'auth', scope, page)), ...others.events].toSorted(newestFirst);
      const events = rows.slice(0, per_page);
      const last = rows.length > per_page ? events.at(-1) : undefined;
      const next_cursor = last ? cursors.encode([last.failed_at, last.id, last.subscriber], binding) : null;
      return { events, per_page, next_cursor, unavailable: others.unavailable };
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/events/failed/{event_id}/resend',
    summary: 'Send an event again that did not get through',
    description: 'Wherever it failed. It takes effect where it has not yet, and nowhere twice.',
    allow: 'events:manage',
    tenancy: 'company-or-all',
    params: z.strictObject({ event_id: Uuid }),
    responses: { 200: Resent },
    prepare: ({ scope, params, actor, signal }) => resendElsewhere(services, scope, params.event_id, { actor, signal }),
    handle: async ({ tx, scope, params, prepared }) => {
      const here = await resendFailed(tx, 'auth', { id: params.event_id, company: scope });
      if (here === 0 && !prepared.found) throw missing(prepared.unavailable);
      return { message: 'Event is sent again' };
    },
  }),
];

/** It may have failed at a service that does not answer. */
const missing = (away: readonly string[]) =>
  away.length > 0 ? unavailable(`These services do not answer: ${away.join(', ')}`) : notFound('event');

type Failure = { failed_at: string; id: string; subscriber: string };
const newestFirst = (a: Failure, b: Failure) => (keyOf(a) < keyOf(b) ? 1 : -1);
const keyOf = ({ failed_at, id, subscriber }: Failure) => `${failed_at} ${id} ${subscriber}`;
