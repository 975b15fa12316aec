import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useRef, useState, type CSSProperties, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { classes } from './classes.ts';
import styles from './data-grid.module.css';
import { nextPosition, type Position } from './grid-keys.ts';

export type Column<R> = {
  id: string;
  title: string;
  /** A CSS grid track, such as `minmax(220px, 2fr)`. */
  width: string;
  isNumber?: boolean;
  /** The name by which the server sorts; absent where it cannot. */
  sort?: string;
  cell: (row: R) => ReactNode;
};
export type SortKey = { name: string; descending: boolean };

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
  /** Called with the first and the last row in view. */
  onView: (first: number, last: number) => void;
  isStale?: boolean;
};

type CellProps = { 'data-cell': string; tabIndex: number; onFocus: () => void };

const rowHeight = 40;
const headHeight = 34;

/**
 * A table of any number of rows, as an ARIA grid: only the rows in view are in the page. One cell has the focus; arrow keys move it, Tab
 * leaves, Enter opens a row, Space and `x` select it, with Shift a range.
 */
export function DataGrid<R>(props: DataGridProps<R>) {
  const { label, ids, rowAt, columns, total, nameOf, sort, onSort, selected, onSelect, onOpen, onView, isStale } =
    props;
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Position>({ row: 0, column: 1 });
  const anchor = useRef(0);
  const allColumns = columns.length + 1;
  const activeRow = Math.min(active.row, ids.length - 1);

  // oxlint-disable-next-line react/incompatible-library -- its result is used in this component only
  const virtual = useVirtualizer({
    count: ids.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollPaddingStart: headHeight,
    overscan: 12,
    // The row with the focus stays in the page, wherever the view is.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range);
      return activeRow < 0 || indexes.includes(activeRow) ? indexes : [...indexes, activeRow].toSorted((a, b) => a - b);
    },
    onChange: ({ range }) => {
      if (range) onView(range.startIndex, range.endIndex);
    },
  });

  const focusCell = (position: Position) => {
    setActive(position);
    if (position.row >= 0) virtual.scrollToIndex(position.row, { align: 'auto' });
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-cell="${position.row}:${position.column}"]`)
        ?.focus({ preventScroll: position.row < 0 }),
    );
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
    const page = Math.max(1, Math.floor(((scroller.current?.clientHeight ?? 0) - headHeight) / rowHeight) - 1);
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
  const cellProps = (row: number, column: number): CellProps => ({
    'data-cell': `${row}:${column}`,
    tabIndex: activeRow === row && active.column === column ? 0 : -1,
    onFocus: () => setActive({ row, column }),
  });
  const style = { '--columns': `var(--check) ${columns.map(({ width }) => width).join(' ')}` } as CSSProperties;

  return (
    <div className={styles.scroller} ref={scroller}>
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
        tabIndex={-1}
      >
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={classes(styles.row, styles.head)}>
            <div
              role="columnheader"
              className={classes(styles.cell, styles.check, styles.sticky)}
              {...cellProps(-1, 0)}
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
                isFirst={index === 0}
                cellProps={cellProps(-1, index + 1)}
                onSort={(isSecond) => sortBy(column, isSecond)}
              />
            ))}
          </div>
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rowAt(index);
            const isSelected = selected.has(ids[index] ?? '');
            return (
              <div
                key={index}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={isSelected}
                aria-busy={!row || undefined}
                className={styles.row}
                style={{ transform: `translateY(${start}px)` }}
              >
                <div
                  role="gridcell"
                  className={classes(styles.cell, styles.check, styles.sticky)}
                  {...cellProps(index, 0)}
                >
                  {row && (
                    <input
                      type="checkbox"
                      className={styles.box}
                      tabIndex={-1}
                      checked={isSelected}
                      onClick={(event: MouseEvent) => toggle(index, event.shiftKey)}
                      onChange={() => {}}
                      aria-label={t('grid.select', { name: nameOf(row) })}
                    />
                  )}
                </div>
                {columns.map(({ id, isNumber, cell }, column) => (
                  <div
                    key={id}
                    role="gridcell"
                    className={classes(styles.cell, column === 0 && styles.first, isNumber && styles.number)}
                    {...cellProps(index, column + 1)}
                    tabIndex={cellProps(index, column + 1).tabIndex}
                    onDoubleClick={() => row && onOpen?.(row)}
                  >
                    {row ? cell(row) : <span className={styles.missing} />}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

type HeaderCellProps<R> = {
  column: Column<R>;
  sort: readonly SortKey[];
  isFirst: boolean;
  cellProps: CellProps;
  onSort: (isSecond: boolean) => void;
};

function HeaderCell<R>({ column, sort, isFirst, cellProps, onSort }: HeaderCellProps<R>) {
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
        isFirst && styles.first,
        column.isNumber && styles.number,
        column.sort !== undefined && styles.sortable,
      )}
      onClick={(event) => onSort(event.shiftKey)}
      {...cellProps}
      tabIndex={cellProps.tabIndex}
    >
      <span>{column.title}</span>
      {key && <Arrow size={12} strokeWidth={2} aria-hidden />}
    </div>
  );
}
