import { useMemo, useRef, useState, type CSSProperties, type KeyboardEvent, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { classes } from './classes.ts';
import styles from './data-grid.module.css';
import { GridBody } from './grid-body.tsx';
import { HeaderCell, type SortKey } from './grid-header.tsx';
import { cellAt, nextPosition, positionOf, type Position } from './grid-keys.ts';
import type { Column } from './grid-row.tsx';
import { headHeight, rowHeight, scrollToRow } from './rows-in-view.ts';

type DataGridProps<R> = {
  label: string;
  /** The ids of all rows so far, in their order. */
  ids: readonly string[];
  /** A row; undefined while it is not there. */
  rowAt: (index: number) => R | undefined;
  columns: readonly Column<R>[];
  /** How many rows there are in all; -1 while nobody knows. */
  total: number;
  nameOf: (row: R) => string;
  sort: readonly SortKey[];
  onSort: (sort: SortKey[]) => void;
  selected: ReadonlySet<string>;
  onSelect: (selected: Set<string>) => void;
  onOpen?: (row: R) => void;
  /** Called when the pointer rests on the link of a row, which it may open. */
  onApproach?: (row: R) => void;
  /** Called with the first and the last row in view. */
  onView: (first: number, last: number) => void;
  isStale?: boolean;
};

/**
 * A table of any number of rows, as an ARIA grid: only the rows in view are in the page. One cell has the focus; arrow keys move it, Tab
 * leaves, Enter opens a row, Space and `x` select it, with Shift a range.
 */
export function DataGrid<R>(props: DataGridProps<R>) {
  const { label, ids, rowAt, columns, total, nameOf, sort, onSort, selected, onSelect, onView, isStale } = props;
  const { onOpen, onApproach } = props;
  const { t } = useTranslation();
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [active, setActive] = useState<Position>({ row: 0, column: 1 });
  const anchor = useRef(0);
  const approaching = useRef<ReturnType<typeof setTimeout>>(undefined);
  const allColumns = columns.length + 1;
  const activeRow = Math.min(active.row, ids.length - 1);
  const labelOf = useMemo(() => {
    const [before = '', after = ''] = t('grid.select', { name: '\n' }).split('\n'); // looked up once, not for each row
    return (row: R) => before + nameOf(row) + after;
  }, [t, nameOf]);

  const focusCell = (position: Position) => {
    setActive(position);
    if (position.row >= 0 && scroller) scrollToRow(scroller, position.row);
    requestAnimationFrame(() => {
      if (scroller) cellAt(scroller, position)?.focus({ preventScroll: position.row < 0 });
    });
  };
  const toggle = (index: number, isRange: boolean) => {
    const id = ids[index];
    if (id === undefined) return;
    const next = new Set(selected);
    const [from, to] = isRange ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
    const isAdding = isRange || !next.has(id);
    for (const each of ids.slice(from, to + 1)) {
      if (isAdding) next.add(each);
      else next.delete(each);
    }
    anchor.current = index;
    onSelect(next);
  };
  const areAllSelected = ids.length > 0 && ids.every((id) => selected.has(id));
  const selectLoaded = () => onSelect(new Set(areAllSelected ? [] : ids));
  const sortBy = (column: Column<R> | undefined, isSecond: boolean) => {
    if (column?.sort === undefined) return;
    const name = column.sort;
    const known = sort.find((key) => key.name === name);
    const next = { name, descending: known ? !known.descending : column.isNumber === true };
    onSort(isSecond ? [...sort.filter((key) => key.name !== name), next].slice(-2) : [next]);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { row, column } = { ...active, row: activeRow };
    const page = Math.max(1, Math.floor(((scroller?.clientHeight ?? 0) - headHeight) / rowHeight) - 1);
    const next = nextPosition({ row, column }, event, { rows: ids.length, columns: allColumns, page });
    const opened = rowAt(row);
    const isSelectKey = event.key === ' ' || event.key === 'x';
    if (next) focusCell(next);
    else if (row < 0 && (event.key === 'Enter' || event.key === ' ')) {
      if (column === 0) selectLoaded();
      else sortBy(columns[column - 1], event.shiftKey);
    } else if (isSelectKey && !event.ctrlKey && !event.metaKey) toggle(row, event.shiftKey);
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) selectLoaded();
    else if (event.key === 'Escape' && selected.size > 0) onSelect(new Set());
    else if (event.key === 'Enter' && opened) onOpen?.(opened);
    else return;
    event.preventDefault();
  };
  /** The row whose link something is in. One place handles all links, because a component for each takes long to draw. */
  const linkedRow = (target: EventTarget): R | undefined =>
    target instanceof Element && target.closest('a') ? rowAt(positionOf(target)?.row ?? -1) : undefined;
  const onClick = (event: MouseEvent) => {
    const { row } = positionOf(event.target) ?? { row: -1 };
    if (row >= 0 && event.target instanceof HTMLInputElement) toggle(row, event.shiftKey);
    const linked = linkedRow(event.target);
    // With a key the browser opens the link elsewhere.
    if (!linked || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onOpen?.(linked);
  };
  const onPointerOver = ({ target }: MouseEvent) => {
    clearTimeout(approaching.current); // it only passed over the one before
    const linked = linkedRow(target);
    if (linked) approaching.current = setTimeout(() => onApproach?.(linked), 50);
  };
  const onDoubleClick = ({ target }: MouseEvent) => {
    const { row, column } = positionOf(target) ?? { row: -1, column: 0 };
    const opened = column > 0 ? rowAt(row) : undefined;
    if (opened) onOpen?.(opened);
  };
  const isActive = ({ row, column }: Position) => activeRow === row && active.column === column;
  const style = { '--columns': `var(--check) ${columns.map(({ width }) => width).join(' ')}` } as CSSProperties;

  return (
    <div className={styles.scroller} ref={setScroller}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={total < 0 ? -1 : total + 1}
        aria-colcount={allColumns}
        aria-multiselectable
        aria-busy={isStale || undefined}
        className={classes(styles.grid, isStale && styles.stale)}
        style={style}
        onKeyDown={onKeyDown}
        onFocus={({ target }) => setActive((now) => positionOf(target) ?? now)}
        onClick={onClick}
        onPointerOver={onPointerOver}
        onDoubleClick={onDoubleClick}
        tabIndex={-1}
      >
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={classes(styles.row, styles.head)}>
            <div
              role="columnheader"
              className={classes(styles.cell, styles.check, styles.sticky)}
              tabIndex={isActive({ row: -1, column: 0 }) ? 0 : -1}
            >
              <input
                type="checkbox"
                className={styles.box}
                tabIndex={-1}
                checked={areAllSelected}
                onChange={selectLoaded}
                aria-label={t('grid.selectLoaded')}
              />
            </div>
            {columns.map((column, index) => (
              <HeaderCell
                key={column.id}
                column={column}
                sort={sort}
                index={index + 1}
                isActive={isActive({ row: -1, column: index + 1 })}
                onSort={(isSecond) => sortBy(column, isSecond)}
              />
            ))}
          </div>
        </div>
        <GridBody
          scroller={scroller}
          ids={ids}
          rowAt={rowAt}
          columns={columns}
          labelOf={labelOf}
          selected={selected}
          active={{ row: activeRow, column: active.column }}
          onView={onView}
        />
      </div>
    </div>
  );
}
