import type { Db } from '@clientela/db';
import type { Cursors } from '@clientela/http';
import { route, type Route } from '@clientela/http';
import { listByCursor } from './keyset.ts';
import { CustomerCursorPage, CustomerPage, CustomerQuery, SearchQuery } from './schema.ts';
import { listCustomers, searchCustomers } from './search.ts';
import type { Total } from './store.ts';

const path = '/api/customers';

const paged = ({ total, ...estimate }: Total, page: number, per_page: number) => ({
  total,
  ...estimate,
  page,
  pages: Math.ceil(total / per_page),
  per_page,
});

export const listRoutes = ({ cursors, listsDb: db }: { cursors: Cursors; listsDb: Db }): Route[] => [
  route({
    method: 'get',
    path,
    operation: 'customers.list',
    summary: 'List customers',
    description:
      'Returns pages with the total, or pages by cursor. The total is exact up to 10,000, and when active_only, status and type are the only ' +
      'filters. Pages by cursor neither repeat nor skip an unchanged customer while others change.',
    allow: 'customers:read',
    tenancy: 'company-or-all',
    query: CustomerQuery,
    responses: { 200: CustomerPage.or(CustomerCursorPage) },
    handle: async ({ scope, query }) => {
      const { page = 1, per_page, cursor, ...listing } = query;
      if (cursor === undefined) {
        const slice = { limit: per_page, offset: (page - 1) * per_page };
        const { rows: customers, ...total } = await listCustomers(db, scope, listing, slice);
        return { customers, ...paged(total, page, per_page) };
      }
      const binding = { list: 'customers', scope, listing };
      const after = cursor ? cursors.decode(cursor, binding) : undefined;
      const { rows: customers, next } = await listByCursor(db, scope, listing, after, per_page);
      return { customers, per_page, next_cursor: next ? cursors.encode(next, binding) : null };
    },
  }),
  route({
    method: 'get',
    path: `${path}/search`,
    operation: 'customers.search',
    summary: 'Search customers, best match first',
    description:
      'Finds the same customers as the list by search, best match first: a value equals the term, begins with it, has its whole words, ' +
      'words that begin with them, parts of words, words with one typo.',
    allow: 'customers:read',
    tenancy: 'company-or-all',
    query: SearchQuery,
    responses: { 200: CustomerPage },
    handle: async ({ scope, query }) => {
      const { q, page = 1, per_page, ...filter } = query;
      const slice = { limit: per_page, offset: (page - 1) * per_page };
      const { rows: customers, ...total } = await searchCustomers(db, scope, { ...filter, search: q }, slice);
      return { customers, ...paged(total, page, per_page) };
    },
  }),
];
