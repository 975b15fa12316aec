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
    operation: 'customers.history.list',
    errors: { 404: ['CUSTOMER_NOT_FOUND'] },
    summary: 'Get the history of a customer',
    description:
      'Changes with their author and the values before and after, newest first, by cursor. An action has the name of its event: ' +
      'customer.updated, customer.status.changed, customer.tag.added. The text of notes is not included.',
    allow: 'customers:read',
    params: CustomerId,
    query: HistoryQuery,
    responses: { 200: HistoryPage },
    handle: async ({ db, actor: { company_id }, params: { customer_id }, query: { cursor, per_page } }) => {
      const binding = { list: 'customer_history', company_id, customer_id };
      const [after] = cursor ? cursors.decode(cursor, binding) : [];
      if (!(await findCustomer(db, company_id, customer_id))) throw notFound('customer');
      // Reads one row more than a page to know whether there is another page.
      const limit = { after: after === undefined ? after : String(after), limit: per_page + 1 };
      const rows = await listHistory(db, company_id, customer_id, limit);
      const history = rows.slice(0, per_page);
      const last = rows.length > per_page ? history.at(-1) : undefined;
      return {
        history,
        next_cursor: last ? cursors.encode([last.id], binding) : null,
      };
    },
  }),
];
