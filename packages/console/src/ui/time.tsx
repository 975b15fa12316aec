import { formatInstant, formatRelative } from './format.ts';
import styles from './time.module.css';

/** How long ago it was; the exact time in its title, and on paper. */
export function Time({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatInstant(at)} className={styles.time}>
      <span className={styles.relative}>{formatRelative(at)}</span>
      <span className={styles.exact}>{formatInstant(at)}</span>
    </time>
  );
}
