import { memo, type ReactNode } from 'react';
import { classes } from './classes.ts';
import styles from './data-grid.module.css';
import { rowHeight } from './rows-in-view.ts';

export type Column<R> = {
  id: string;
  title: string;
  /** A CSS grid track, such as `minmax(220px, 2fr)`. */
  width: string;
  isNumber?: boolean;
  /** Whether people typed what it shows, in any script. */
  isTyped?: boolean;
  /** Whether its cells have several parts side by side, of which the last one gives way. */
  hasParts?: boolean;
  /** Whether what it shows makes itself as narrow as its cell. */
  fits?: boolean;
  /** The name by which the server sorts; absent where it cannot. */
  sort?: string;
  cell: (row: R) => ReactNode;
};

type GridRowProps<R> = {
  index: number;
  /** Undefined while it is not there. */
  row: R | undefined;
  columns: readonly Column<R>[];
  /** Says which row its checkbox selects. */
  labelOf: (row: R) => string;
  isSelected: boolean;
  /** The column of the cell with the focus, when it is in this row. */
  activeColumn: number | undefined;
};

/** A row of a DataGrid, which handles its events. Rendered again only when something of its own changes, not when the table scrolls. */
export const GridRow = memo(function GridRow<R>({
  index,
  row,
  columns,
  labelOf,
  isSelected,
  activeColumn,
}: GridRowProps<R>) {
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      aria-busy={!row || undefined}
      className={styles.row}
      style={{ transform: `translateY(${index * rowHeight}px)` }}
    >
      <div
        role="gridcell"
        className={classes(styles.cell, styles.check, styles.sticky)}
        tabIndex={activeColumn === 0 ? 0 : -1}
      >
        {row && (
          <input
            type="checkbox"
            className={styles.box}
            tabIndex={-1}
            checked={isSelected}
            readOnly
            aria-label={labelOf(row)}
          />
        )}
      </div>
      {columns.map(({ id, isNumber, isTyped, hasParts, fits, cell }, at) => (
        <div
          key={id}
          role="gridcell"
          className={classes(
            styles.cell,
            at === 0 && styles.first,
            isNumber && styles.number,
            hasParts && styles.parts,
            !fits && styles.cut,
          )}
          dir={isTyped ? 'auto' : undefined}
          tabIndex={activeColumn === at + 1 ? 0 : -1}
        >
          {row ? cell(row) : <span className={styles.missing} />}
        </div>
      ))}
    </div>
  );
}) as <R>(props: GridRowProps<R>) => ReactNode;
