import { route, type Cursors, type Route } from '@clientela/http';
import type { TimelineNotesClient } from '../customers/customer-client.ts';
import { listNewestInteractions } from '../interactions/store.ts';
import { encodePosition, decodePosition } from '../lists/list-request.ts';
import { listNewestTransactions } from '../transactions/store.ts';
import { interactionItem, customerItem, mergeSources, transactionItem } from './rules.ts';
import { CustomerId, Timeline, TimelineQuery } from './schema.ts';

type Deps = { notes: TimelineNotesClient; cursors: Cursors };

export const timelineRoutes = ({ notes, cursors }: Deps): Route[] => [
  route({
    method: 'get',
    path: '/api/customers/{customer_id}/timeline',
    operation: 'customers.timeline.list',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'Get a customer’s timeline, newest first',
    description:
      'Interactions, transactions, notes and status changes, ordered by occurred_at and paginated by cursor. Each item holds its ' +
      'record under the name of its kind.',
    allow: 'interactions:read',
    params: CustomerId,
    query: TimelineQuery,
    responses: { 200: Timeline },
    prepare: async ({ actor, params: { customer_id }, query, signal }) => {
      const list = { list: 'timeline', company_id: actor.company_id, customer_id };
      const after = decodePosition(query.cursor ?? '', cursors, list);
      const range = { after, limit: query.per_page + 1 };
      return { list, range, customerItems: await notes(customer_id, range, { actor, signal }) };
    },
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query: { per_page }, prepared }) => {
      const { list, range, customerItems } = prepared;
      const interactions = await listNewestInteractions(db, company_id, customer_id, range.after, range.limit);
      const transactions = await listNewestTransactions(db, company_id, customer_id, range.after, range.limit);
      const sources = [
        interactions.map(interactionItem),
        transactions.map(transactionItem),
        customerItems.map(customerItem),
      ];
      const { rows: timeline, last } = mergeSources(sources, per_page);
      return { timeline, per_page, next_cursor: encodePosition(last, cursors, list) };
    },
  }),
];
