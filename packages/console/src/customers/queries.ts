import type { Customer } from '@clientela/client';
import { keepPreviousData, queryOptions, skipToken } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { toQuery, type CustomersSearch } from './search-params.ts';

export type { Customer } from '@clientela/client';

/** The rows of a page. */
export const pageSize = 100;
type Page = { customers: Customer[]; next: string | null; total?: { count: number; isEstimate: boolean } };

/** What is known of a list: where its pages begin, and who is on those that were seen, which need not be kept. */
export type SeenPages = { cursors: readonly string[]; ids: readonly (readonly string[])[] };

export const noPages: SeenPages = { cursors: [''], ids: [] };

/** The pages of the table that were seen so far. A cursor more than there are ids leads to the next page. */
export const seenPagesQuery = (search: CustomersSearch) =>
  queryOptions<SeenPages>({
    queryKey: ['customers', 'seen', search],
    queryFn: skipToken, // each page adds itself
    staleTime: 'static',
    gcTime: 10 * 60_000, // outlives its pages
    structuralSharing: false, // comparing all ids for each page takes longer than reading it
  });

/** A page of the table: by cursor, or by number where the API searches. */
export const customersPageQuery = (search: CustomersSearch, index: number, cursor: string) =>
  queryOptions({
    queryKey: ['customers', 'list', search, index, cursor],
    queryFn: async ({ signal }): Promise<Page> => {
      const page = await readPage(search, cursor, signal);
      queryClient.setQueryData(seenPagesQuery(search).queryKey, (seen = noPages) => addPage(seen, index, page));
      return page;
    },
  });

async function readPage(search: CustomersSearch, cursor: string, signal: AbortSignal): Promise<Page> {
  const query = { ...toQuery(search), per_page: pageSize };
  if (search.q === undefined) {
    const { customers, next_cursor } = await api.customers.list({ ...query, cursor }, { signal });
    return { customers, next: next_cursor };
  }
  const page = Number(cursor) || 1;
  const found = await api.customers.list({ ...query, page }, { signal });
  return {
    customers: found.customers,
    next: page < found.pages ? String(page + 1) : null,
    total: { count: found.total, isEstimate: found.total_is_estimate === true },
  };
}

/** Adds a page that was read, or read again: the page after it may begin elsewhere then. */
function addPage(seen: SeenPages, index: number, { customers, next }: Page): SeenPages {
  const { cursors, ids } = seen;
  if (index > ids.length) return seen; // what was before it is forgotten
  const after = next === null ? [] : [next, ...cursors.slice(index + 2)];
  return {
    cursors: [...cursors.slice(0, index + 1), ...after],
    ids: [...ids.slice(0, index), customers.map(({ id }) => id), ...(next === null ? [] : ids.slice(index + 1))],
  };
}

/** How many customers there are; pages by cursor do not say it. */
export const customersCountQuery = (search: CustomersSearch) =>
  queryOptions({
    queryKey: ['customers', 'count', { ...search, sort: undefined }],
    queryFn: async ({ signal }) => {
      const { total, total_is_estimate } = await api.customers.list(
        { ...toQuery(search), page: 1, per_page: 1 },
        { signal },
      );
      return { count: total, isEstimate: total_is_estimate === true };
    },
    enabled: search.q === undefined,
    placeholderData: keepPreviousData,
  });

/** The server renews figures every minute. */
export const figuresAge = 60_000;

/** The figures of the company. */
export const analyticsQuery = queryOptions({
  queryKey: ['customers', 'analytics'],
  queryFn: ({ signal }) => api.customers.analytics.get({ signal }),
  staleTime: figuresAge,
});

/** The labels of the company's tags, the most used first. */
export const labelsQuery = queryOptions({
  queryKey: ['tags', 'labels'],
  queryFn: async ({ signal }) => (await api.tags.labels.list({}, { signal })).labels,
  staleTime: 60_000,
});

/** The name under which a customer is shown. */
export const customerName = ({ full_name, email, phone, number }: Customer): string =>
  full_name ?? email ?? phone ?? `№ ${number}`;
