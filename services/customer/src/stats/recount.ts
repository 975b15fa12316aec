import { isDeepStrictEqual } from 'node:util';
import type { Db } from '@clientela/db';
import type { TotalsClient } from './totals-client.ts';
import { listTotals, updateTotals, type StoredTotals } from './store.ts';

/** How the counters of all customers were found. */
export type RecountResult = {
  customers: number;
  equal: number;
  /** Their events were on their way. */
  behind: number;
  /** They differed, and nothing was on its way. */
  different: number;
};

type RecountOptions = { repair: boolean; request_id: string };

const batchSize = 100; // customers of one question

/**
 * Holds every customer's counters against what is recorded of it, and puts that into them where it differs. Others may write meanwhile.
 * @param how.repair false: to look only
 */
export async function recount(db: Db, totals: TotalsClient, how: RecountOptions): Promise<RecountResult> {
  const found: RecountResult = { customers: 0, equal: 0, behind: 0, different: 0 };
  let after: StoredTotals | undefined;
  do {
    const some = await listTotals(db, after, batchSize);
    for (const [company_id, counted] of Map.groupBy(some, (one) => one.company_id)) {
      const ids = counted.map(({ customer_id }) => customer_id);
      const recorded = await totals(company_id, ids, { request_id: how.request_id });
      const byId = new Map(recorded.map((one) => [one.customer_id, one]));
      for (const one of counted) {
        found.customers += 1;
        found[await reconcile(db, one, byId.get(one.customer_id), how)] += 1;
      }
    }
    after = some.at(-1);
  } while (after);
  return found;
}

/** @param recorded asked for after the counters were read: what was counted then had been recorded, so this is no older */
async function reconcile(
  db: Db,
  { company_id, ...counted }: StoredTotals,
  recorded: Awaited<ReturnType<TotalsClient>>[number] | undefined,
  { repair }: RecountOptions,
): Promise<'equal' | 'behind' | 'different'> {
  if (!recorded) throw new Error(`The interaction service did not say what is recorded of ${counted.customer_id}`);
  if (isDeepStrictEqual(counted, recorded)) return 'equal';
  const written = !repair || (await db.transaction((tx) => updateTotals(tx, company_id, recorded, counted.changes)));
  // Not written: an event overtook us, or the customer is gone by now.
  return written && recorded.changes <= counted.changes ? 'different' : 'behind';
}
