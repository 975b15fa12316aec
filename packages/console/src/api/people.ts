import { queryOptions, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from './session.ts';

const maxIds = 100; // of one request; who comes first is on the screen first

const peopleQuery = (ids: readonly (string | null)[]) => {
  const wanted = [...new Set(ids)]
    .filter((id) => id !== null)
    .slice(0, maxIds)
    .toSorted();
  return queryOptions({
    queryKey: ['people', wanted],
    queryFn: async ({ signal }) => (await api.people.list({ id: wanted }, { signal })).people,
    enabled: wanted.length > 0,
    staleTime: 5 * 60_000,
  });
};

/** Looks up the names of those who did something, by their ids. An unknown one has no name. */
export function usePeople(ids: readonly string[]): ReadonlyMap<string, string> {
  const { data = [] } = useQuery(peopleQuery(ids));
  return new Map(data.map(({ id, name }) => [id, name]));
}

/** Looks up the names of people by the ids that records have. @returns a name for each id, "unknown" for who is gone */
export function useNames(ids: readonly (string | null)[]): (id: string | null) => string {
  const { t } = useTranslation();
  const { data = [], isPending } = useQuery(peopleQuery(ids));
  const names = new Map(data.map(({ id, name }) => [id, name]));
  return (id) => (id === null ? '–' : (names.get(id) ?? (isPending ? '…' : t('lists.unknown'))));
}
