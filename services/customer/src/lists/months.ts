import { whereCompany, type Db, type Query, type Scope } from '@clientela/db';
import type { Listing } from './schema.ts';
import { inOrder, narrow, onlyOrdersAsked, sortedBy, type Instead, type Source } from './source.ts';

// Who ordered last in some time, the newest first: two ranges at once, which no index gives. One by months of the last order gives the
// newest of each month, and the list is among these.

const month = `date_trunc('month', n.last_order_date at time zone 'UTC')`;
const monthOf = `date_trunc('month', ?::timestamptz at time zone 'UTC')`;
const deepest = 500; // rows; beyond, so many of each month are as many as all

/** Whether a list is met with by months of the last order. */
export const byMonths = (scope: Scope, listing: Listing, deep: number): boolean =>
  !('all' in scope) && onlyOrdersAsked(listing) && sortedBy(listing.sort) && deep <= deepest;

/** The first rows of each month in the order of the list. */
export function firstOfMonths(db: Db, scope: Scope, listing: Listing, { keys }: Source, deep: number): Instead {
  const { last_order_from, last_order_to } = listing;
  const counters = () => whereCompany(db('customer_counters as n'), scope, 'n.company_id');
  const last = (rows: Query) =>
    rows
      .whereNotNull('n.last_order_date')
      .select(db.raw(`${month} as month`))
      .orderByRaw('1 desc')
      .limit(1);
  const newest = last(counters());
  if (last_order_to) void newest.whereRaw(`${month} <= ${monthOf}`, [last_order_to]);
  const before = last(counters()).whereRaw(`${month} < months.month`);
  if (last_order_from) void before.whereRaw(`${month} >= ${monthOf}`, [last_order_from]);
  const first = inOrder(counters().whereRaw(`${month} = months.month`), keys)
    .select(
      ['company_id', 'customer_id', 'customer_created_at', 'is_listed', 'last_order_date'].map((name) => `n.${name}`),
    )
    .limit(deep);
  narrow(first, 'n', listing, true);
  const rows = db.raw(
    `(with recursive months as ((?) union all select (?) from months where months.month is not null)
      select n.* from months cross join lateral (?) as n)`,
    [newest, before, first],
  );
  return { n: rows };
}
