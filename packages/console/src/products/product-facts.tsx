import type { Product } from '@clientela/client';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useCan } from '../api/session.ts';
import styles from '../ui/bar.module.css';
import { describeError } from '../ui/failure.tsx';
import { formatNumber } from '../ui/format.ts';
import { Pill } from '../ui/pill.tsx';
import { Time } from '../ui/time.tsx';
import { favoritesQuery } from './queries.ts';

/** What is known of a product and cannot be typed. */
export function ProductFacts({ product: { number, is_active, updated_at } }: { product: Product }) {
  const { t } = useTranslation();
  const can = useCan();
  return (
    <dl className={styles.facts}>
      <dt>{t('products.state')}</dt>
      <dd>
        <Pill tone={is_active ? 'green' : 'neutral'} dot>
          {t(is_active ? 'products.states.active' : 'products.states.inactive')}
        </Pill>
      </dd>
      <dt>{t('products.number')}</dt>
      <dd>{number}</dd>
      {can('favorites:read') && <Favorites number={number} />}
      <dt>{t('lists.updated')}</dt>
      <dd>
        <Time at={updated_at} />
      </dd>
    </dl>
  );
}

function Favorites({ number }: { number: number }) {
  const { t } = useTranslation();
  const { data, error } = useQuery(favoritesQuery(number));
  return (
    <>
      <dt>{t('products.favorites')}</dt>
      <dd>
        {error && describeError(error, t)}
        {data !== undefined && t('products.favoritesCount', { count: data, number: formatNumber(data) })}
      </dd>
    </>
  );
}
