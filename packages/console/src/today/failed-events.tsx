import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatNumber } from '../ui/format.ts';
import { Time } from '../ui/time.tsx';
import styles from './overview.module.css';

type FailedEventsProps = { newest: { count: number; isMore: boolean; last: string } };

/** How many events wait for somebody to resend or drop them. */
export function FailedEvents({ newest: { count, isMore, last } }: FailedEventsProps) {
  const { t } = useTranslation();
  const number = isMore ? `${formatNumber(count)}+` : formatNumber(count);
  return (
    <ul className={styles.list}>
      <li>
        <Link to="/events/failed">{t('today.failedCount', { count, number })}</Link>
        <span className={styles.end}>
          <Time at={last} />
        </span>
      </li>
    </ul>
  );
}
