import { QueryClient } from '@tanstack/react-query';
import { whenSignedOut } from './session.ts';

/** What the server said, per query. Fetched again on focus when older than 30 s; the client has repeated what may be repeated. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: { staleTime: 30_000, gcTime: 5 * 60_000, retry: false, throwOnError: false },
    mutations: { retry: false },
  },
});

whenSignedOut(() => queryClient.clear());
