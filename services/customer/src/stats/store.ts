import type { CustomerTotals } from '@clientela/contracts';
import { mapConstraintErrors, whereKeyset, type Db, type Tx } from '@clientela/db';
import { AppError } from '@clientela/errors';
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

export const findCounters = async (db: Db, company_id: string, customer_id: string): Promise<Counters | undefined> =>
  db('customer_counters')
    .select(counterColumns)
    .where({ company_id, customer_id })
    .first()
    .options({ name: 'find_counters' }) as Promise<Counters | undefined>;

/** Finds the version of the totals that a customer's counters hold; undefined for an unknown customer. */
export async function findTotalsVersion(db: Db, company_id: string, customer_id: string): Promise<number | undefined> {
  const query = db('customer_counters').select('totals_version').where({ company_id, customer_id }).first();
  return ((await query.options({ name: 'find_totals_version' })) as { totals_version: number } | undefined)
    ?.totals_version;
}

/** A customer's counters under the field names of the interaction service's totals. */
export type StoredTotals = CustomerTotals & { company_id: string };

/** Lists counters of all companies by key, after the given row. */
export const listTotals = async (db: Db, after: StoredTotals | undefined, limit: number): Promise<StoredTotals[]> => {
  const { counters_updated_at: _updatedAt, ...columns } = Object.fromEntries(
    counterColumns.map((column) => [column, column]),
  );
  const query = db('customer_counters')
    .select({ ...columns, company_id: 'company_id', customer_id: 'customer_id', changes: 'totals_version' })
    .orderBy(['company_id', 'customer_id'])
    .limit(limit);
  if (after) void whereKeyset(query, ['company_id', 'customer_id'], '>', [after.company_id, after.customer_id]);
  return query as Promise<StoredTotals[]>;
};

/**
 * Writes the recorded totals to a customer's counters, unless these hold a newer version.
 * @param versionBefore version read before the totals were fetched; while it is unchanged, the totals also replace a newer one
 * @returns whether they were written
 */
export async function updateTotals(
  tx: Tx,
  company_id: string,
  { customer_id, changes, by_currency, ...totals }: CustomerTotals,
  versionBefore?: number,
): Promise<boolean> {
  const updatedRows = await tx('customer_counters')
    .where({ company_id, customer_id })
    .where((counters) => {
      void counters.where('totals_version', '<', changes);
      if (versionBefore !== undefined) void counters.orWhere('totals_version', versionBefore);
    })
    .update({
      ...totals,
      by_currency: JSON.stringify(by_currency),
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
