import { EXACT_COUNT_LIMIT } from '@clientela/db';
import { expect, test } from 'vitest';
import { choosePlan, INDEX_ONLY_SORT_LIMIT, SORT_LIMIT, type ListFacts, type Plan } from './plans.ts';
import type { SortColumn } from './schema.ts';

const by = (...columns: SortColumn[]) => columns.map((column) => ({ column, descending: true }));
const uncounted: ListFacts = {
  total: undefined,
  isEstimate: false,
  sort: by('full_name'),
  offset: 0,
  isIndexOrdered: false,
  reads: 'join',
};
const few = { ...uncounted, total: EXACT_COUNT_LIMIT };
const many = { ...uncounted, total: 1_000_000 };
const manyEstimated = { ...many, isEstimate: true };

test.for<[string, ListFacts, Plan]>([
  ['rows are not counted yet', uncounted, 'countAndSort'],
  ['rows are not counted yet, whatever the order', { ...uncounted, isIndexOrdered: true }, 'countAndSort'],
  ['there are none', { ...uncounted, total: 0 }, 'empty'],
  ['the page begins at the end', { ...few, offset: EXACT_COUNT_LIMIT }, 'empty'],
  ['the page begins at the last row', { ...few, offset: EXACT_COUNT_LIMIT - 1 }, 'countAndSort'],
  ['the page lies past an estimate', { ...manyEstimated, offset: 2_000_000 }, 'boundedIndexScan'],
  ['an index has exactly the rows', { ...many, isIndexOrdered: true }, 'orderedIndexScan'],
  ['an index has exactly the rows, estimated', { ...manyEstimated, isIndexOrdered: true }, 'orderedIndexScan'],
  ['an index has exactly the few rows', { ...few, isIndexOrdered: true }, 'orderedIndexScan'],
  ['there are few', few, 'countAndSort'],
  ['there are few, by two columns', { ...few, sort: by('total_orders', 'full_name') }, 'countAndSort'],
  ['there is one more than are counted', { ...few, total: EXACT_COUNT_LIMIT + 1 }, 'sortAll'],
  ['there are about as few', { ...few, isEstimate: true }, 'sortAll'],
  ['there are soon sorted ones', { ...manyEstimated, total: SORT_LIMIT }, 'sortAll'],
  ['there are more', { ...manyEstimated, total: SORT_LIMIT + 1 }, 'boundedIndexScan'],
  ['there are many, by two columns', { ...many, sort: by('total_orders', 'full_name') }, 'splitByFirstSortKey'],
  [
    'an index alone has soon sorted rows',
    { ...manyEstimated, total: INDEX_ONLY_SORT_LIMIT, sort: by('created_at'), reads: 'index' },
    'sortAll',
  ],
  [
    'an index alone has more rows',
    { ...manyEstimated, total: INDEX_ONLY_SORT_LIMIT + 1, sort: by('created_at'), reads: 'index' },
    'boundedIndexScan',
  ],
  [
    'an index has the rows, by another column',
    { ...manyEstimated, total: INDEX_ONLY_SORT_LIMIT, reads: 'index' },
    'boundedIndexScan',
  ],
  [
    'the customers table has the rows by creation time',
    { ...manyEstimated, total: INDEX_ONLY_SORT_LIMIT, sort: by('created_at'), reads: 'table' },
    'boundedIndexScan',
  ],
  [
    'several tables have the rows by creation time',
    { ...manyEstimated, total: INDEX_ONLY_SORT_LIMIT, sort: by('created_at') },
    'boundedIndexScan',
  ],
])('when %s, the plan is as listed', ([, facts, plan]) => {
  expect(choosePlan(facts)).toBe(plan);
});
