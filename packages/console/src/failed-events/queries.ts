import { infiniteQueryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';

export const failedEventsQuery = infiniteQueryOptions({
  queryKey: ['failed-events'],
  queryFn: ({ pageParam, signal }) => api.events.failed.list({ per_page: 50, cursor: pageParam }, { signal }),
  initialPageParam: '',
  getNextPageParam: ({ next_cursor }) => next_cursor,
});

const changed = () => queryClient.invalidateQueries({ queryKey: failedEventsQuery.queryKey });

export async function resendEvent(id: string): Promise<void> {
  await api.events.failed.resend(id);
  await changed();
}
export async function dropEvent(id: string, reason: string): Promise<void> {
  await api.events.failed.drop(id, { reason });
  await changed();
}
