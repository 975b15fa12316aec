import { isDeepStrictEqual } from 'node:util';
import type { Db } from '@clientela/db';
import type { TotalsClient } from './totals-client.ts';
import { inCurrency, withOrderCounts, withoutGroups, type CounterGroup } from './rules.ts';
import { listTotals, updateTotals, type StoredTotals } from './store.ts';

/** Number of customers by the result of their comparison. */
export type RecountResult = {
  customers: number;
  equal: number;
  /** Customers with pending events. */
  behind: number;
  /** Customers with wrong counters: they differed without pending events. */
  different: number;
};

type RecountOptions = { repair: boolean; request_id: string; reportedGroups: ReadonlySet<CounterGroup> };

const batchSize = 100; // customers in one call

/**
 * Compares every customer's counters with the recorded totals and repairs differences. Safe while other processes write.
 * @param options.repair false: compare only
 * @param options.reportedGroups groups that outside services report; they are neither compared nor repaired
 */
export async function recount(db: Db, totals: TotalsClient, options: RecountOptions): Promise<RecountResult> {
  const result: RecountResult = { customers: 0, equal: 0, behind: 0, different: 0 };
  let last: StoredTotals | undefined;
  do {
    const batch = await listTotals(db, last, batchSize);
    for (const [company_id, stored] of Map.groupBy(batch, (row) => row.company_id)) {
      const ids = stored.map(({ customer_id }) => customer_id);
      const recorded = await totals(company_id, ids, { request_id: options.request_id });
      const recordedById = new Map(recorded.map((row) => [row.customer_id, row]));
      for (const row of stored) {
        result.customers += 1;
        result[await reconcile(db, row, recordedById.get(row.customer_id), options)] += 1;
      }
    }
    last = batch.at(-1);
  } while (last);
  return result;
}

/** @param fetched totals fetched after the counters were read, and therefore at least as new */
async function reconcile(
  db: Db,
  { company_id, new_currency, ...stored }: StoredTotals,
  fetched: Awaited<ReturnType<TotalsClient>>[number] | undefined,
  { repair, reportedGroups: reported }: RecountOptions,
): Promise<'equal' | 'behind' | 'different'> {
  if (!fetched) throw new Error(`The interaction service returned no totals of customer ${stored.customer_id}`);
  const recorded = inCurrency(fetched, new_currency ?? fetched.currency);
  const isEqual = isDeepStrictEqual(
    withoutGroups(stored, reported),
    withoutGroups(withOrderCounts(recorded), reported),
  );
  if (isEqual) return 'equal';
  const isWritten =
    !repair || (await db.transaction((tx) => updateTotals(tx, company_id, recorded, reported, stored.changes)));
  // Not written: an event updated the counters first, or the customer was removed.
  return isWritten && recorded.changes <= stored.changes ? 'different' : 'behind';
}
