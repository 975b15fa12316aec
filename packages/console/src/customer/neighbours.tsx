import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { lastList } from '../customers/came-from.ts';
import { queryClient } from '../api/query-client.ts';
import { customersPageQuery, noPages, seenPagesQuery } from '../customers/queries.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
import { attempt } from '../ui/attempt.ts';
import { Back } from '../ui/back.tsx';
import { Button } from '../ui/button.tsx';
import { formatNumber } from '../ui/format.ts';
import styles from './page.module.css';

/** The way back to the list one came from, and to the customers before and after in it: `[` and `]`. */
export function Neighbours({ customerId }: { customerId: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: '/frame/customers/$customerId' });
  const [from] = useState(lastList);
  // Whom the list has seen; only the page after them is asked for.
  const { data: seen = noPages } = useQuery(seenPagesQuery(from ?? {}));
  const ids = from ? seen.ids.flat() : [];
  const nextPage = seen.cursors[seen.ids.length];
  const at = ids.indexOf(customerId);
  const go = (id: string | undefined) =>
    id !== undefined && void navigate({ to: '/customers/$customerId', params: { customerId: id }, search });
  const isLast = at === ids.length - 1;
  const previous = at > 0 ? () => go(ids[at - 1]) : undefined;
  const next = async () => {
    await attempt(t, async () => {
      if (isLast && nextPage !== undefined)
        await queryClient.fetchQuery(customersPageQuery(from ?? {}, seen.ids.length, nextPage));
      const known = queryClient.getQueryData(seenPagesQuery(from ?? {}).queryKey)?.ids.flat();
      go(known?.[at + 1]);
    });
  };
  const goNext = at >= 0 && (!isLast || nextPage !== undefined) ? () => void next() : undefined;
  useShortcuts({ '[': previous, ']': goNext });
  return (
    <div className={styles.neighbours}>
      <Back to="/customers" search={from ?? {}}>
        {t('customers.title')}
      </Back>
      {at >= 0 && (
        <span className={styles.steps}>
          <span>
            {t('customer.position', { at: formatNumber(at + 1), count: countOf(ids.length, nextPage !== undefined) })}
          </span>
          <Button
            look={['quiet', 'icon', 'small']}
            aria-label={t('customer.previous')}
            aria-keyshortcuts="["
            isDisabled={!previous}
            onPress={previous}
          >
            <ChevronLeft size={16} strokeWidth={1.5} />
          </Button>
          <Button
            look={['quiet', 'icon', 'small']}
            aria-label={t('customer.next')}
            aria-keyshortcuts="]"
            isDisabled={!goNext}
            onPress={goNext}
          >
            <ChevronRight size={16} strokeWidth={1.5} />
          </Button>
        </span>
      )}
    </div>
  );
}

const countOf = (loaded: number, hasMore: boolean): string => `${formatNumber(loaded)}${hasMore ? '+' : ''}`;
