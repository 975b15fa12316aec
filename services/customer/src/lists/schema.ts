import {
  money,
  pageSchema,
  queryPerPage,
  queryBoolean,
  queryFrom,
  queryInteger,
  querySearch,
  querySort,
  queryTo,
  text,
} from '@clientela/validation';
import { z } from 'zod';
import { Customer, Status, Type } from '../customers/schema.ts';

const sortable = ['created_at', 'full_name', 'last_order_date', 'lifetime_value', 'total_orders'] as const;
export type SortColumn = (typeof sortable)[number];
/** By what a list is ordered, ties by id. */
export type Order = readonly { column: SortColumn; descending: boolean }[];
const sort = querySort(sortable).transform((given) => given as Order);

export const CustomerFilter = z.strictObject({
  active_only: queryBoolean.optional().meta({
    description: 'Left out: those of status active, or of the given status; false: all of them, deleted ones too',
  }),
  status: Status.optional(),
  type: Type.optional(),
  tag: text(50).optional().meta({ description: 'A label, without regard to case' }),
  external_id: text(100).optional(),
  created_from: queryFrom.optional(),
  created_to: queryTo.optional(),
  last_order_from: queryFrom.optional(),
  last_order_to: queryTo.optional(),
  min_lifetime_value: money(0).optional(),
});
export type CustomerFilter = z.infer<typeof CustomerFilter>;

const page = queryInteger(1, 1_000_000).optional().meta({ default: 1 });

export const CustomerQuery = CustomerFilter.extend({
  page,
  per_page: queryPerPage(),
  cursor: z.string('must be given once').max(3000).optional().meta({
    description: 'next_cursor of the page before, empty for the first; neither with page nor with search',
  }),
  sort,
  search: querySearch.optional().meta({
    description:
      'Every word of a name, e-mail, phone or document number: of two characters the start of a word, of three any part, from four on ' +
      'also with one typo (names and e-mails). Accents and case do not matter.',
  }),
}).superRefine(({ cursor, page, search }, context) => {
  if (cursor === undefined) return;
  const beside = { page, search };
  for (const name of ['page', 'search'] as const) {
    if (beside[name] !== undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'must be left out beside a cursor' });
  }
});
export type CustomerQuery = z.infer<typeof CustomerQuery>;

/** What a list shows and how: a query that has been judged. */
export type Listing = CustomerFilter & { sort: Order; search?: string | undefined };

export const SearchQuery = CustomerFilter.extend({ q: querySearch, page, per_page: queryPerPage() });

export const CustomerPage = pageSchema('customers', Customer);
export const CustomerCursorPage = z.strictObject({
  customers: z.array(Customer),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
});
