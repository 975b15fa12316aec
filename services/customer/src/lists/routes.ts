import type { Db } from '@clientela/db';
import type { Cursors } from '@clientela/http';
import { route, type Route } from '@clientela/http';
import { listByCursor } from './keyset.ts';
import { CustomerCursorPage, CustomerPage, CustomerQuery, SearchQuery } from './schema.ts';
import { listCustomers, searchCustomers } from './search.ts';

const path = '/api/customers';

const paged = ({ total, ...rest }: { total: number; total_is_estimate?: true }, page: number, per_page: number) => ({
  total,
  ...rest,
  page,
  pages: Math.ceil(total / per_page),
  per_page,
});

export const listRoutes = ({ cursors, listsDb: db }: { cursors: Cursors; listsDb: Db }): Route[] => {
  return [
    route({
      method: 'get',
      path,
      summary: 'List customers',
      description:
        'By page, with the total (exact up to 10,000 and where no filter but active_only, status and type is given), or by cursor: such pages neither ' +
        'repeat nor skip a customer who did not change while others do.',
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
      summary: 'Search customers, best matches first',
      description:
        'Searches like the list, ranked: equal values first, then values that begin with the text, whole words, beginnings of words, ' +
        'parts of words, and words with one typo.',
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
};
