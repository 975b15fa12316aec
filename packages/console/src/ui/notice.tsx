import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './notice.module.css';

const icons = { info: Info, error: CircleAlert, warning: TriangleAlert, success: CircleCheck };

/** A message within a page. Errors are announced at once, all others politely. */
export function Notice({ kind = 'info', children }: { kind?: keyof typeof icons; children: ReactNode }) {
  const Icon = icons[kind];
  return (
    <div
      role={kind === 'error' ? 'alert' : 'status'}
      className={classes(styles.notice, kind !== 'info' && styles[kind])}
    >
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <div>{children}</div>
    </div>
  );
}
