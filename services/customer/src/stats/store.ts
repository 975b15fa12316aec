import type { CustomerTotals } from '@clientela/contracts';
import { mapConstraintErrors, whereKeyset, type Db, type Tx } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { withoutGroups, withOrderCounts, type CounterGroup } from './rules.ts';
import type { Absolute, Counters, Increment } from './schema.ts';

const counterColumns = [
  'total_orders',
  'total_appointments',
  'total_complaints',
  'open_complaints',
  'first_order_date',
  'last_order_date',
  'first_appointment_date',
  'last_appointment_date',
  'last_complaint_date',
  'returned_orders',
  'cancelled_appointments',
  'lifetime_value',
  'currency',
  'by_currency',
  'counters_updated_at',
] as const;

// Counts that were not written with the present totals, or were reported without them, are known only where no other currency is.
/** SQL of the orders in the row's currency; null when unknown. */
export const valuedOrdersSql = `
  (case when order_counts_version = totals_version then valued_orders when by_currency = '{}' then total_orders end)`;
/** SQL of the orders in other currencies; null when unknown. */
export const ordersByCurrencySql = `
  (case when order_counts_version = totals_version then orders_by_currency when by_currency = '{}' then '{}'::jsonb end)`;

export const findCounters = async (db: Db, company_id: string, customer_id: string): Promise<Counters | undefined> =>
  db('customer_counters')
    .select(counterColumns)
    .select({ customer_since: 'customer_created_at', valued_orders: db.raw(valuedOrdersSql) })
    .where({ company_id, customer_id })
    .first()
    .options({ name: 'find_counters' }) as Promise<Counters | undefined>;

/** The version of the totals that a customer's counters hold, and the company's currency while it is new here. */
type TotalsState = { totals_version: number; new_currency: string | null };
const newCurrencySql =
  '(select currency from company_currency_changes as changes where changes.company_id = customer_counters.company_id)';

/** Finds what decides whether and how newer totals are written; undefined for an unknown customer. */
export async function findTotalsState(
  db: Db,
  company_id: string,
  customer_id: string,
): Promise<TotalsState | undefined> {
  const query = db('customer_counters')
    .select({ totals_version: 'totals_version', new_currency: db.raw(newCurrencySql) })
    .where({ company_id, customer_id })
    .first();
  return query.options({ name: 'find_totals_state' }) as Promise<TotalsState | undefined>;
}

/** A customer's counters under the field names of the interaction service's totals. */
export type StoredTotals = Omit<CustomerTotals, 'valued_orders' | 'orders_by_currency'> &
  Pick<TotalsState, 'new_currency'> & {
    company_id: string;
    valued_orders: number | null;
    orders_by_currency: Record<string, number> | null;
  };

/** Lists counters of all companies by key, after the given row. */
export const listTotals = async (db: Db, after: StoredTotals | undefined, limit: number): Promise<StoredTotals[]> => {
  const { counters_updated_at: _updatedAt, ...columns } = Object.fromEntries(
    counterColumns.map((column) => [column, column]),
  );
  const query = db('customer_counters')
    .select({ ...columns, company_id: 'company_id', customer_id: 'customer_id', changes: 'totals_version' })
    .select({
      valued_orders: db.raw(valuedOrdersSql),
      orders_by_currency: db.raw(ordersByCurrencySql),
      new_currency: db.raw(newCurrencySql),
    })
    .orderBy(['company_id', 'customer_id'])
    .limit(limit);
  if (after) void whereKeyset(query, ['company_id', 'customer_id'], '>', [after.company_id, after.customer_id]);
  return query as Promise<StoredTotals[]>;
};

/**
 * Writes the recorded totals to a customer's counters, unless these hold a newer version.
 * @param reported groups that outside services report; they stay as they are
 * @param versionBefore version read before the totals were fetched; while it is unchanged, the totals also replace a newer one
 * @returns whether they were written
 */
export async function updateTotals(
  tx: Tx,
  company_id: string,
  totals: CustomerTotals,
  reported: ReadonlySet<CounterGroup>,
  versionBefore?: number,
): Promise<boolean> {
  const { customer_id, changes, ...counters } = withOrderCounts(totals);
  const written = withoutGroups(counters, reported);
  const updatedRows = await tx('customer_counters')
    .where({ company_id, customer_id })
    .where((current) => {
      void current.where('totals_version', '<', changes);
      if (versionBefore !== undefined) void current.orWhere('totals_version', versionBefore);
    })
    .update({
      ...written,
      ...('by_currency' in written && {
        by_currency: JSON.stringify(counters.by_currency),
        orders_by_currency: counters.orders_by_currency && JSON.stringify(counters.orders_by_currency),
      }),
      order_counts_version: reported.has('orders')
        ? tx.raw('case when order_counts_version = totals_version then ?::bigint end', [changes])
        : changes,
      totals_version: changes,
      counters_updated_at: tx.fn.now(),
    });
  return updatedRows === 1;
}

const nonNegativeCounters = [
  'total_orders',
  'total_appointments',
  'total_complaints',
  'open_complaints',
  'returned_orders',
  'cancelled_appointments',
] as const;

const outOfRange = (field?: string) =>
  new AppError('conflict', {
    error_code: 'CUSTOMER_STATISTICS_OUT_OF_RANGE',
    detail: field ? `${field} would become negative` : 'A value would become too large',
    ...(field && { errors: [{ path: field, message: 'would become negative' }] }),
  });

/** Finds the currency of a customer's amounts and locks the counters until the transaction ends; undefined for an unknown customer. */
export async function lockCurrency(tx: Tx, company_id: string, customer_id: string): Promise<string | undefined> {
  const row = await tx('customer_counters').select('currency').where({ company_id, customer_id }).forUpdate().first();
  return (row as { currency: string } | undefined)?.currency;
}

/**
 * Changes a customer's counters in one statement, so that concurrent increments add up.
 * @returns whether the customer exists
 * @throws AppError 409 for a counter that would become negative
 */
export async function updateCounters(
  tx: Tx,
  company_id: string,
  customer_id: string,
  { by_currency, ...absolute }: Absolute,
  increment: Increment,
): Promise<boolean> {
  const update = tx('customer_counters')
    .where({ company_id, customer_id })
    .update({
      ...absolute,
      ...(by_currency && { by_currency: JSON.stringify(by_currency) }),
      ...(isAboutOrders({ ...absolute, ...increment, ...(by_currency && { by_currency }) }) && {
        order_counts_version: null,
      }),
      ...Object.fromEntries(
        Object.entries(increment).flatMap(([field, by]) =>
          by === undefined ? [] : [[field, incremented(tx, field, by)]],
        ),
      ),
      counters_updated_at: tx.fn.now(),
    });
  try {
    const errors = nonNegativeCounters.map((field) => [`customer_counters_${field}`, () => outOfRange(field)] as const);
    return (await mapConstraintErrors(update, Object.fromEntries(errors))) === 1;
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === '22003'; // numeric_value_out_of_range
    throw isTooLarge ? outOfRange() : error;
  }
}

/** Whether a report changes what the counts of orders by currency belong to; it does not have them. */
const isAboutOrders = (report: object): boolean =>
  ['total_orders', 'lifetime_value', 'by_currency'].some((field) => field in report);

/** Returns the SQL expression of a column after its increment. */
function incremented(tx: Tx, field: string, by: Increment[keyof Increment] & {}) {
  if (typeof by === 'object') return tx.raw(mergedAmounts, [JSON.stringify(by)]);
  if (typeof by === 'number') return tx.raw('?? + ?::bigint', [field, by]);
  if (field === 'lifetime_value') return tx.raw('(?? + ?::numeric)::numeric(15, 2)', [field, by]);
  return tx.raw(`${field.startsWith('first') ? 'least' : 'greatest'}(??, ?::timestamptz)`, [field, by]);
}

/** Adds each amount to the one of its currency; other currencies stay. */
const mergedAmounts = `by_currency || (
  select coalesce(jsonb_object_agg(code, (coalesce((by_currency ->> code)::numeric, 0) + amount::numeric)::numeric(15, 2)::text), '{}')
    from jsonb_each_text(?::jsonb) as added (code, amount)
)`;
