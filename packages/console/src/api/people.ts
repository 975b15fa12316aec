import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from './session.ts';

/** Looks up the names of people by the ids that records have. @returns a name for each id, "unknown" for who is gone */
export function useNames(ids: readonly (string | null)[]): (id: string | null) => string {
  const { t } = useTranslation();
  // The API takes a hundred; who comes first is on the screen first.
  const wanted = [...new Set(ids)]
    .filter((id) => id !== null)
    .slice(0, 100)
    .toSorted();
  const { data, isPending } = useQuery({
    queryKey: ['people', wanted],
    queryFn: ({ signal }) => api.people.list({ id: wanted }, { signal }),
    enabled: wanted.length > 0,
    staleTime: 5 * 60_000,
  });
  const names = new Map(data?.people.map(({ id, name }) => [id, name]));
  return (id) => (id === null ? '–' : (names.get(id) ?? (isPending ? '…' : t('lists.unknown'))));
}
