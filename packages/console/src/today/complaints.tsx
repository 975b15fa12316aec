import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Priority } from '../customer/priority.tsx';
import { formatNumber } from '../ui/format.ts';
import { Pill } from '../ui/pill.tsx';
import styles from './overview.module.css';

type Level = 'critical' | 'high' | 'medium' | 'low' | 'none';

/** How many complaints are open, the most pressing first; each count leads to them. */
export function Complaints({ counts }: { counts: readonly { priority: Level; count: number }[] }) {
  const { t } = useTranslation();
  return (
    <ul className={styles.list}>
      {counts.map(({ priority, count }) => (
        <li key={priority}>
          <Link to="/complaints" search={priority === 'none' ? {} : { priority }} className={styles.row}>
            {priority === 'none' ? <Pill>{t('today.noPriority')}</Pill> : <Priority of={priority} />}{' '}
            <span className={styles.end}>{formatNumber(count)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
