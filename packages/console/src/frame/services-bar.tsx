import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import styles from './frame.module.css';

type Readiness = { services: Record<string, 'up' | 'down'> };
type ServiceKey = 'frame.service.auth';

/** Asks every 15 s, while the page is visible, which services are away, and says so. */
export function ServicesBar() {
  const { t, i18n } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) =>
      api.request<Readiness>({
        method: 'GET',
        path: '/ready',
        open: true,
        options: { signal, timeout: 8000, maxRetries: 0 },
      }),
    refetchInterval: 15_000,
    staleTime: 0,
  });
  const away = Object.entries(data?.services ?? {}).flatMap(([name, state]) => (state === 'down' ? [name] : []));
  const names = away.map((name) => t(`frame.service.${name}` as ServiceKey, { defaultValue: name }));
  const text = error
    ? t('frame.offline')
    : t('frame.servicesAway', {
        count: away.length,
        services: new Intl.ListFormat(i18n.language, { type: 'conjunction' }).format(names),
      });
  // The region stays, so that screen readers notice its text.
  return (
    <div role="status">
      {(error !== null || away.length > 0) && (
        <div className={styles.bar}>
          <TriangleAlert size={16} strokeWidth={1.75} aria-hidden />
          {text}
        </div>
      )}
    </div>
  );
}
