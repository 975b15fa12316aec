import { route, type Cursors, type Route } from '@clientela/http';
import type { NoteLookup } from '../customers/customer-client.ts';
import { newestInteractions } from '../interactions/store.ts';
import { cursorAfter, positionOf } from '../lists/list-request.ts';
import { newestTransactions } from '../transactions/store.ts';
import { interactionItem, itemOfCustomer, merged, transactionItem } from './rules.ts';
import { CustomerId, Timeline, TimelineQuery } from './schema.ts';

type Parts = { notes: NoteLookup; cursors: Cursors };

export const timelineRoutes = ({ notes, cursors }: Parts): Route[] => [
  route({
    method: 'get',
    path: '/api/customers/{customer_id}/timeline',
    summary: 'What happened with a customer, newest first',
    description:
      'Interactions, transactions, notes and changes of status by when they occurred, by cursor. Each item holds what it is under the ' +
      'name of its kind.',
    allow: 'interactions:read',
    params: CustomerId,
    query: TimelineQuery,
    responses: { 200: Timeline },
    prepare: async ({ actor, params: { customer_id }, query, signal }) => {
      const list = { list: 'timeline', company_id: actor.company_id, customer_id };
      const after = positionOf(query.cursor ?? '', cursors, list);
      const asked = { after, limit: query.per_page + 1 };
      return { list, asked, of_customer: await notes(customer_id, asked, { actor, signal }) };
    },
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query: { per_page }, prepared }) => {
      const { list, asked, of_customer } = prepared;
      const interactions = await newestInteractions(db, company_id, customer_id, asked.after, asked.limit);
      const transactions = await newestTransactions(db, company_id, customer_id, asked.after, asked.limit);
      const sources = [
        interactions.map(interactionItem),
        transactions.map(transactionItem),
        of_customer.map(itemOfCustomer),
      ];
      const { rows: timeline, last } = merged(sources, per_page);
      return { timeline, per_page, next_cursor: cursorAfter(last, cursors, list) };
    },
  }),
];
