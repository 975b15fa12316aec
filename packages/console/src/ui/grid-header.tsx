import { ArrowDown, ArrowUp } from 'lucide-react';
import { classes } from './classes.ts';
import styles from './data-grid.module.css';
import type { Column } from './grid-row.tsx';

export type SortKey = { name: string; descending: boolean };

type HeaderCellProps<R> = {
  column: Column<R>;
  sort: readonly SortKey[];
  /** Of the column. */
  index: number;
  isActive: boolean;
  onSort: (isSecond: boolean) => void;
};

/** The title of a column, by which it is sorted. */
export function HeaderCell<R>({ column, sort, index, isActive, onSort }: HeaderCellProps<R>) {
  const key = sort.find(({ name }) => name === column.sort);
  const order = key && (key.descending ? 'descending' : 'ascending');
  const Arrow = key?.descending ? ArrowDown : ArrowUp;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid handles its keys
    <div
      role="columnheader"
      aria-sort={order}
      className={classes(
        styles.cell,
        styles.header,
        index === 1 && styles.first,
        column.isNumber && styles.number,
        column.sort !== undefined && styles.sortable,
      )}
      onClick={(event) => onSort(event.shiftKey)}
      tabIndex={isActive ? 0 : -1}
    >
      <span>{column.title}</span>
      {key && <Arrow size={12} strokeWidth={2} aria-hidden />}
    </div>
  );
}
