import { useEffect, useRef } from 'react';
import styles from './data-grid.module.css';
import type { Position } from './grid-keys.ts';
import { GridRow, type Column } from './grid-row.tsx';
import { useSlots } from './row-slots.ts';
import { rowHeight, useDrawnRows } from './rows-in-view.ts';
import { sortRows } from './sort-rows.ts';

type GridBodyProps<R> = {
  /** What is scrolled, once it is there. */
  scroller: HTMLElement | null;
  ids: readonly string[];
  rowAt: (index: number) => R | undefined;
  columns: readonly Column<R>[];
  labelOf: (row: R) => string;
  selected: ReadonlySet<string>;
  active: Position;
  onView: (first: number, last: number) => void;
};

/** The rows of a DataGrid that are in view, and a few around them. Scrolling draws only this. */
export function GridBody<R>({ scroller, ids, rowAt, columns, labelOf, selected, active, onView }: GridBodyProps<R>) {
  const body = useRef<HTMLDivElement>(null);
  const slots = useSlots(useDrawnRows(scroller, ids.length, onView), active.row, ids.length);
  useEffect(() => (body.current ? sortRows(body.current) : undefined));

  return (
    <div role="rowgroup" className={styles.body} ref={body} style={{ height: ids.length * rowHeight }}>
      {slots.map(
        (index, slot) =>
          index >= 0 && (
            <GridRow
              // oxlint-disable-next-line react/no-array-index-key -- the elements of a slot show one row after another
              key={slot}
              index={index}
              row={rowAt(index)}
              columns={columns}
              labelOf={labelOf}
              isSelected={selected.has(ids[index] ?? '')}
              activeColumn={index === active.row ? active.column : undefined}
            />
          ),
      )}
    </div>
  );
}
