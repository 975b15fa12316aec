import type { Interaction } from '@clientela/client';
import { infiniteQueryOptions } from '@tanstack/react-query';
import { queryClient } from '../api/query-client.ts';
import { api } from '../api/session.ts';
import { startOf } from '../api/search-params.ts';
import type { ComplaintsSearch } from './search.ts';

export type Complaint = Interaction;
/** The columns of the board, in their order. */
export const statuses = ['open', 'in_progress', 'resolved', 'closed'] as const;
export type Status = (typeof statuses)[number];

export const pageSize = 20;
type Page = { complaints: readonly Complaint[]; next: string | null };

/** The complaints of a column, newest first, page by page. */
export const columnQuery = (status: Status, { priority, from, to }: ComplaintsSearch) =>
  infiniteQueryOptions({
    queryKey: ['interactions', 'complaints', status, { priority, from, to }],
    queryFn: async ({ pageParam, signal }): Promise<Page> => {
      const query = {
        type: 'complaint',
        status,
        ...(priority !== undefined && { priority }),
        ...(from !== undefined && { from: startOf(from) }),
        ...(to !== undefined && { to: startOf(to, 1) }),
        per_page: pageSize,
        cursor: pageParam,
      };
      const { interactions, next_cursor } = await api.interactions.list(query, { signal });
      return { complaints: interactions, next: next_cursor };
    },
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });

const isBefore = (a: Complaint, b: Complaint) =>
  a.occurred_at === b.occurred_at ? a.id > b.id : a.occurred_at > b.occurred_at;

/** What the columns show: each complaint once, as it was read last, in the column where it is or is being moved to. */
export function sortIntoColumns(
  complaints: readonly Complaint[],
  moving: ReadonlyMap<string, Status>,
): Readonly<Record<Status, Complaint[]>> {
  const newest = new Map<string, Complaint>();
  for (const each of complaints) if ((newest.get(each.id)?.version ?? 0) <= each.version) newest.set(each.id, each);
  const sorted = [...newest.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  const of = (status: Status) => sorted.filter((each) => (moving.get(each.id) ?? each.status) === status);
  return { open: of('open'), in_progress: of('in_progress'), resolved: of('resolved'), closed: of('closed') };
}

const board = { queryKey: ['interactions', 'complaints'] };

/** Shows a complaint as it is stored: in the column of its status, and nowhere else. */
export function keepComplaint(complaint: Complaint, search: ComplaintsSearch): void {
  // What is being read may be older than this, and what other filters have shown is.
  const isReading = queryClient.isFetching(board) > 0;
  void queryClient.invalidateQueries({ ...board, refetchType: isReading ? 'active' : 'none' });
  for (const status of statuses) {
    queryClient.setQueryData(columnQuery(status, search).queryKey, (data) => {
      if (data === undefined) return undefined;
      const pages = data.pages.map(({ complaints, next }) => ({
        complaints: complaints.filter(({ id }) => id !== complaint.id),
        next,
      }));
      const isHere = complaint.type === 'complaint' && complaint.status === status;
      const [first, ...rest] = pages;
      return {
        ...data,
        pages: first && isHere ? [{ ...first, complaints: [complaint, ...first.complaints] }, ...rest] : pages,
      };
    });
  }
}

/** Takes a complaint off the board that exists no more. */
export const forgetComplaint = (complaint: Complaint, search: ComplaintsSearch): void =>
  keepComplaint({ ...complaint, status: null }, search);
