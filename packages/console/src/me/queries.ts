import { queryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const factorQuery = queryOptions({
  queryKey: ['me', 'mfa'],
  queryFn: ({ signal }) => api.auth.mfa.get({ signal }),
});
export const sessionsQuery = queryOptions({
  queryKey: ['me', 'sessions'],
  queryFn: async ({ signal }) => (await api.sessions.list({ signal })).sessions,
});

/** Reads second factor and sessions again: one ends the other. */
export const changedOwn = () => queryClient.invalidateQueries({ queryKey: ['me'] });
