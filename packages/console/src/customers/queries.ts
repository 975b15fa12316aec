import type { Customer } from '@clientela/client';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api } from '../api/session.ts';
import { toQuery, type CustomersSearch } from './search-params.ts';

export type { Customer } from '@clientela/client';

const pageSize = 100;
type Page = { customers: Customer[]; next: string | null; total?: { count: number; isEstimate: boolean } };

/** The customers of the table, page by page: by cursor, or by number where the API searches. */
export const customersQuery = (search: CustomersSearch) =>
  infiniteQueryOptions({
    queryKey: ['customers', 'list', search],
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const query = { ...toQuery(search), per_page: pageSize };
      if (search.q === undefined) {
        const { customers, next_cursor } = await api.customers.list({ ...query, cursor: pageParam }, { signal });
        return { customers, next: next_cursor };
      }
      const page = Number(pageParam) || 1;
      const found = await api.customers.list({ ...query, page }, { signal });
      return {
        customers: found.customers,
        next: page < found.pages ? String(page + 1) : null,
        total: { count: found.total, isEstimate: found.total_is_estimate === true },
      };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

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

/** The labels of the company's tags, the most used first. */
export const labelsQuery = queryOptions({
  queryKey: ['tags', 'labels'],
  queryFn: async ({ signal }) => (await api.tags.labels.list({}, { signal })).labels,
  staleTime: 60_000,
});

/** The name under which a customer is shown. */
export const customerName = ({ full_name, email, phone, number }: Customer): string =>
  full_name ?? email ?? phone ?? `№ ${number}`;
