import type { ReactNode } from 'react';
import styles from './empty.module.css';

/** A list without records: one sentence and the next step. */
export function Empty({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p>{children}</p>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}
