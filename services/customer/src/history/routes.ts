import { notFound } from '@clientela/errors';
import { route, type Cursors, type Route } from '@clientela/http';
import { CustomerId } from '../customers/schema.ts';
import { findCustomer } from '../customers/store.ts';
import { HistoryPage, HistoryQuery } from './schema.ts';
import { listHistory } from './store.ts';

export const historyRoutes = (cursors: Cursors): Route[] => [
  route({
    method: 'get',
    path: '/api/customers/{customer_id}/history',
    summary: 'What happened to a customer',
    description:
      'Who changed what from what to what, newest first, by cursor. An action is named as its event: customer.updated, ' +
      'customer.status.changed, customer.tag.added. What notes say stays with the notes.',
    allow: 'customers:read',
    params: CustomerId,
    query: HistoryQuery,
    responses: { 200: HistoryPage },
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query: { cursor, per_page } }) => {
      const binding = { list: 'customer_history', company_id, customer_id };
      const [after] = cursor ? cursors.decode(cursor, binding) : [];
      if (!(await findCustomer(db, company_id, customer_id))) throw notFound('customer');
      // One more than is shown tells whether there is more.
      const limit = { after: after === undefined ? after : String(after), limit: per_page + 1 };
      const rows = await listHistory(db, company_id, customer_id, limit);
      const last = rows.length > per_page ? rows[per_page - 1] : undefined;
      return {
        history: rows.slice(0, per_page).map(({ entry }) => entry),
        next_cursor: last ? cursors.encode([last.id], binding) : null,
      };
    },
  }),
];
