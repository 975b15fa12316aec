import { lookUp, type Db, type NamedStatement, type Scope } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { responseColumns } from '../customers/store.ts';
import type { Listing } from './schema.ts';
import type { Page, Slice } from './store.ts';

/** The page that clients open first: of active customers, newest first, in the default size. */
const firstPageSize = 20;

// The limit is part of the text: PostgreSQL would plan each call again if it did not know it.
const firstPage: NamedStatement = {
  name: 'first_page_of_customers',
  text: `select k.total, ${responseColumns.join(', ')} from
    (
      select coalesce(sum(customers), 0)::bigint as total from customer_counts
      where company_id = $1 and status = 'active' and not deleted
    ) as k
    left join (
      select * from customers
      where company_id = $1 and status = 'active' and deleted_at is null
      order by created_at desc, id desc limit ${firstPageSize}
    ) as c on true
    left join customer_counters as n on n.company_id = c.company_id and n.customer_id = c.id
    order by c.created_at desc, c.id desc`,
};

const isDefaultSort = ([first, ...others]: Listing['sort']): boolean =>
  first?.column === 'created_at' && first.descending && others.length === 0;

/**
 * Reads the first page of a company's default list with its total in one statement.
 * @returns undefined for any other list
 */
export async function readFirstPage(
  db: Db,
  scope: Scope,
  { sort, active_only = true, ...filters }: Listing,
  { limit, offset }: Slice,
): Promise<Page | undefined> {
  const isFirstPage = limit === firstPageSize && offset === 0 && isDefaultSort(sort);
  const isFiltered = !active_only || Object.values(filters).some((value) => value !== undefined);
  if ('all' in scope || !isFirstPage || isFiltered) return undefined;
  const found = await lookUp<Customer & { total: number }>(db, firstPage, [scope.company_id]);
  const rows: Customer[] = [];
  for (const { total: _total, ...customer } of found) if (customer.id !== null) rows.push(customer);
  return { total: found[0]?.total ?? 0, rows };
}
