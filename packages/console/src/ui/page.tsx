import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './page.module.css';
import { useTitle } from './use-title.ts';
import { visible } from './visible.tsx';

type PageProps = {
  /** The one heading of the page, and its title in the browser. */
  title: string;
  /** How many records there are, beside the title. */
  count?: ReactNode;
  actions?: ReactNode;
  /** The way back to the list, above the title. */
  back?: ReactNode;
  /** Whether the page fills the window and scrolls within, as a table does. */
  isFull?: boolean;
  children: ReactNode;
};

/** The frame of a screen: title, actions, content. */
export function Page({ title, count, actions, back, isFull, children }: PageProps) {
  useTitle(title);
  return (
    <div className={classes(styles.page, isFull && styles.full)}>
      {back}
      <div className={styles.head}>
        <div className={styles.titles}>
          <h1 tabIndex={-1}>{visible(title)}</h1>
          {count !== undefined && <span className={styles.count}>{count}</span>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
