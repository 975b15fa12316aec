import { useInfiniteQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { lastList } from '../customers/came-from.ts';
import { customersQuery } from '../customers/queries.ts';
import { useShortcuts } from '../frame/shortcuts.ts';
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
  // What the list has loaded; only the page after it is asked for.
  const { data, hasNextPage, fetchNextPage } = useInfiniteQuery({ ...customersQuery(from ?? {}), enabled: false });
  const ids = from ? (data?.pages ?? []).flatMap(({ customers }) => customers.map(({ id }) => id)) : [];
  const at = ids.indexOf(customerId);
  const go = (id: string | undefined) =>
    id !== undefined && void navigate({ to: '/customers/$customerId', params: { customerId: id }, search });
  const isLast = at === ids.length - 1;
  const previous = at > 0 ? () => go(ids[at - 1]) : undefined;
  const next = async () => {
    const more = isLast ? await fetchNextPage({ cancelRefetch: false }) : { data };
    go(more.data?.pages.flatMap(({ customers }) => customers)[at + 1]?.id);
  };
  const goNext = at >= 0 && (!isLast || hasNextPage) ? () => void next() : undefined;
  useShortcuts({ '[': previous, ']': goNext });
  return (
    <div className={styles.neighbours}>
      <Back to="/customers" search={from ?? {}}>
        {t('customers.title')}
      </Back>
      {at >= 0 && (
        <span className={styles.steps}>
          <span>{t('customer.position', { at: formatNumber(at + 1), count: countOf(ids.length, hasNextPage) })}</span>
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
