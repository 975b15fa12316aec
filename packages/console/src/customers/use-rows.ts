import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { queryClient } from '../api/query-client.ts';
import {
  customersCountQuery,
  customersPageQuery,
  noPages,
  pageSize,
  seenPagesQuery,
  type Customer,
} from './queries.ts';
import type { CustomersSearch } from './search-params.ts';

const ahead = 2; // pages asked for before they are in view, from the first scroll on
const kept = 20; // pages on either side of the view that stay in memory

const topPageQuery = (search: CustomersSearch) => ({
  ...customersPageQuery(search, 0, ''),
  placeholderData: keepPreviousData,
});

/** How many customers a search finds; undefined while nobody knows. */
export function useTotal(search: CustomersSearch) {
  const counted = useQuery(customersCountQuery(search));
  const found = useQuery(topPageQuery(search));
  return search.q === undefined ? counted.data : found.data?.total;
}

/**
 * Keeps the pages of the table around the view: memory and what is read again after a change are bounded, however far somebody scrolls.
 * `ids` has everybody seen so far, in order; `rowAt` is undefined where the row is not there (yet). Say by `show` which rows are in view.
 */
export function useRows(search: CustomersSearch) {
  const { data: seen = noPages } = useQuery(seenPagesQuery(search));
  const [view, setView] = useState({ search, first: 0, last: 0 }); // the pages in view, and those ahead
  const { first, last } = view.search === search ? view : { first: 0, last: 0 };
  const top = useQuery(topPageQuery(search));
  const from = Math.max(1, first - 1);
  const to = Math.min(seen.cursors.length, last + 1);
  const others = useQueries({
    queries: seen.cursors.slice(from, to).map((cursor, at) => customersPageQuery(search, from + at, cursor)),
  });

  useEffect(() => {
    queryClient.removeQueries({
      queryKey: ['customers', 'list', search],
      type: 'inactive',
      predicate: ({ queryKey }) => Math.abs(Number(queryKey[3]) - first) > kept,
    });
  }, [search, first]);

  const { isPlaceholderData: isStale, data: firstPage } = top;
  const ids = useMemo(
    () => (isStale ? (firstPage?.customers.map(({ id }) => id) ?? []) : seen.ids.flat()),
    [isStale, firstPage, seen],
  );
  const rowAt = (index: number): Customer | undefined => {
    const page = Math.floor(index / pageSize);
    const { data } = page === 0 ? top : (others[page - from] ?? {});
    return data?.customers[index % pageSize];
  };
  const show = (firstRow: number, lastRow: number) => {
    const next = {
      search,
      first: Math.floor(firstRow / pageSize),
      last: Math.floor(lastRow / pageSize) + (firstRow > 0 ? ahead : 0),
    };
    setView((now) => (now.search === search && now.first === next.first && now.last === next.last ? now : next));
  };
  const failed = [top, ...others].find(({ error }) => error !== null);
  return {
    ids,
    rowAt,
    show,
    isPending: top.isPending,
    isStale,
    error: failed?.error ?? null,
    retry: () => void failed?.refetch(),
  };
}
