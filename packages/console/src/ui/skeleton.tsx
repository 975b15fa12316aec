import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './skeleton.module.css';

const slowMs = 1000;

/** Lines in the shape of what is being loaded; they appear after 200 ms only. After a second they say that the client goes on trying. */
export function Skeleton({ lines = 4, height = 16 }: { lines?: number; height?: number }) {
  const { t } = useTranslation();
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), slowMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.lines} role="status" aria-label={t('common.loading')}>
      {isSlow && <p className={styles.slow}>{t('common.stillTrying')}</p>}
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
