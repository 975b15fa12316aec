import { useRef, type ReactNode } from 'react';
import { useShortcuts } from '../frame/shortcuts.ts';
import { classes } from './classes.ts';
import styles from './table.module.css';

export type Column<R> = {
  key: string;
  title: string;
  renderCell: (row: R) => ReactNode;
  align?: 'end';
  /** Whether the heading is for screen readers only, as above buttons. */
  isTitleHidden?: boolean;
};

type TableProps<R> = {
  /** What the table lists, for screen readers. */
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  keyOf: (row: R) => string;
  /** Whether the rows are those of before, while the next are loaded. */
  isStale?: boolean;
};

/**
 * A table of at most some hundred rows. `j` and `k` move between rows, to the link or button that each begins with; in a narrow window
 * each row is a block.
 */
export function Table<R>({ label, columns, rows, keyOf, isStale }: TableProps<R>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (step: number) => {
    const all = [...(body.current?.rows ?? [])];
    const current = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(all.length - 1, Math.max(0, current + step))];
    next?.querySelector<HTMLElement>('a, button')?.focus();
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  const [first, ...others] = columns;
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label} aria-busy={isStale} data-stale={isStale || undefined}>
        <thead>
          <tr>
            {columns.map(({ key, title, align, isTitleHidden }) => (
              <th key={key} scope="col" className={classes(align === 'end' && styles.end)}>
                <span className={classes(isTitleHidden && 'visually-hidden')}>{title}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {first && <th scope="row">{first.renderCell(row)}</th>}
              {others.map(({ key, title, renderCell, align, isTitleHidden }) => (
                <td key={key} className={classes(align === 'end' && styles.end)}>
                  {!isTitleHidden && (
                    <span className={styles.label} aria-hidden>
                      {title}
                    </span>
                  )}
                  <div className={styles.value}>{renderCell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The first cell of a row: what it is, and below it in grey what tells it apart. */
export const Titled = ({ children, note }: { children: ReactNode; note?: ReactNode }) => (
  <div className={styles.titled}>
    <div className={styles.name}>{children}</div>
    {note !== undefined && note !== null && <div className={styles.note}>{note}</div>}
  </div>
);
