import { infiniteQueryOptions } from '@tanstack/react-query';
import { api } from '../api/session.ts';
import { startOf } from '../api/search-params.ts';
import type { AuditSearch } from './search.ts';

export const auditQuery = ({ from, to, ...filters }: AuditSearch) =>
  infiniteQueryOptions({
    queryKey: ['audit', { ...filters, from, to }],
    queryFn: ({ pageParam, signal }) =>
      api.auditLogs.list(
        {
          ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)),
          ...(from !== undefined && { from: startOf(from) }),
          ...(to !== undefined && { to: startOf(to, 1) }),
          per_page: 50,
          cursor: pageParam,
        },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
