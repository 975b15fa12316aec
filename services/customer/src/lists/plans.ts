import { EXACT_COUNT_LIMIT } from '@clientela/db';
import type { ListQuery } from './list-query.ts';
import type { Order } from './schema.ts';

/** How the rows of a page are found; store.ts has one executor for each. */
export type Plan =
  /** No rows: the list is empty, or the page lies past its end. */
  | 'empty'
  /** One index gives exactly the list's rows in its order. */
  | 'orderedIndexScan'
  /** One statement finds, counts and sorts the rows, unless there are too many; another reads those of the page. */
  | 'countAndSort'
  /** An index gives the order; the scan filters rows and gives up after a bound, and then all are sorted. */
  | 'boundedIndexScan'
  /** All rows are read and sorted. */
  | 'sortAll'
  /** Only rows that the first of several sort columns puts on the page are sorted by the others. */
  | 'splitByFirstSortKey';

/** What is known of a list before its rows are read. */
export type ListFacts = {
  /** Undefined before the rows are counted. */
  total: number | undefined;
  isEstimate: boolean;
  sort: Order;
  offset: number;
} & Pick<ListQuery, 'isIndexOrdered' | 'reads'>;

/** Sorting up to so many rows takes less time than scanning for them in vain: in general, and when an index alone has them. */
export const SORT_LIMIT = 20_000;
export const INDEX_ONLY_SORT_LIMIT = 200_000;

/**
 * Chooses how a page is read. PostgreSQL does not choose between an ordered scan and a sort, because it does not know how filter and order
 * correlate: the oldest orders are those of the oldest customers.
 */
export function choosePlan({ total, isEstimate, sort, offset, isIndexOrdered, reads }: ListFacts): Plan {
  if (total === undefined) return 'countAndSort';
  if (total === 0 || (!isEstimate && offset >= total)) return 'empty';
  if (isIndexOrdered) return 'orderedIndexScan';
  if (!isEstimate && total <= EXACT_COUNT_LIMIT) return 'countAndSort';
  if (sort.length > 1) return 'splitByFirstSortKey';
  const isIndexOnly = reads === 'index' && sort[0]?.column === 'created_at';
  return total <= (isIndexOnly ? INDEX_ONLY_SORT_LIMIT : SORT_LIMIT) ? 'sortAll' : 'boundedIndexScan';
}

const scanBounds = { index: 500_000, table: 30_000, join: 4_000 } as const;

/** Returns how many rows a scan reads before it gives up: an index entry takes 0.1 µs, a row 1 to 2 µs, a joined row some 5 µs. */
export const scanBound = (reads: ListQuery['reads'], rowsWanted: number): number => scanBounds[reads] + 50 * rowsWanted;
