import { useTranslation } from 'react-i18next';
import styles from './skeleton.module.css';

/** Lines in the shape of what is being loaded; they appear after 200 ms only. */
export function Skeleton({ lines = 4, height = 16 }: { lines?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className={styles.lines} role="status" aria-label={t('common.loading')}>
      {Array.from({ length: lines }, (_, index) => (
        <div
          key={index}
          className={styles.block}
          style={{ height, width: `${[92, 68, 84, 55, 76][index % 5]}%` }}
          aria-hidden
        />
      ))}
    </div>
  );
}
