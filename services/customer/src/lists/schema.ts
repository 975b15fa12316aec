import {
  cursorPageSchema,
  money,
  pageSchema,
  queryPerPage,
  queryBoolean,
  queryFrom,
  queryIds,
  queryInteger,
  querySearch,
  querySort,
  queryTo,
  text,
  nameSchemas,
} from '@clientela/validation';
import { z } from 'zod';
import { Customer, StatusInput, TypeInput } from '../customers/schema.ts';

const sortable = ['created_at', 'full_name', 'last_order_date', 'lifetime_value', 'total_orders'] as const;
export type SortColumn = (typeof sortable)[number];
/** The order of a list; ties are broken by id. */
export type Order = readonly { column: SortColumn; descending: boolean }[];
export const sort = querySort(sortable).transform((order) => order as Order);

export const CustomerFilter = z.strictObject({
  active_only: queryBoolean.optional().meta({
    description:
      'Default: customers of status active, or of the given status; false: all customers, deleted ones included',
  }),
  status: StatusInput.optional(),
  type: TypeInput.optional(),
  tag: text(50).optional().meta({ description: 'A label; case is ignored' }),
  external_id: text(100).optional(),
  id: queryIds(100).optional(),
  created_from: queryFrom.optional(),
  created_to: queryTo.optional(),
  last_order_from: queryFrom.optional(),
  last_order_to: queryTo.optional(),
  min_lifetime_value: money(0).optional(),
});
export type CustomerFilter = z.infer<typeof CustomerFilter>;

const page = queryInteger(1, 1_000_000).optional().meta({ default: 1 });

export const search = querySearch.optional().meta({
  description:
    'Finds customers by every word of the term in name, e-mail, phone or document number. Two characters match the beginning of a word, ' +
    'three any part; from four on one typo is allowed in names and e-mails. Case and accents are ignored. The number of a customer and its ' +
    'external_id are found when the whole term is one.',
});

export const CustomerQuery = CustomerFilter.extend({
  page,
  per_page: queryPerPage(),
  cursor: z.string('must be given once').max(3000).optional().meta({
    description: 'next_cursor of the previous page, empty for the first page; not together with page or search',
  }),
  sort,
  search,
}).superRefine(({ cursor, page, search }, context) => {
  if (cursor === undefined) return;
  const incompatible = { page, search };
  for (const name of ['page', 'search'] as const) {
    if (incompatible[name] !== undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'must be omitted with a cursor' });
  }
});
export type CustomerQuery = z.infer<typeof CustomerQuery>;

/** A validated list query: filters, sort and search. */
export type Listing = CustomerFilter & { sort: Order; search?: string | undefined };

export const SearchQuery = CustomerFilter.extend({ q: querySearch, page, per_page: queryPerPage() });

export const CustomerPage = pageSchema('customers', Customer);
export const CustomerCursorPage = cursorPageSchema('customers', Customer);

nameSchemas({ CustomerPage, CustomerCursorPage });
