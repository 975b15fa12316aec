import type { Db } from '@clientela/db';
import type { CustomerCount, CounterSums } from './rules.ts';

/** Counts undeleted customers, from the summary table. */
export const countByStatusAndType = async (db: Db, company_id: string): Promise<CustomerCount[]> =>
  db('customer_counts')
    .select('status', 'type', db.raw('sum(customers)::bigint as customers'))
    .where({ company_id, deleted: false })
    .groupBy('status', 'type');

/** Sums the counters of all customers, including deleted ones. */
export async function sumCounters(db: Db, company_id: string, currency: string): Promise<CounterSums> {
  const [sums] = (await db('customer_counters')
    .where({ company_id })
    .select(
      db.raw(
        `coalesce(sum(total_orders), 0)::bigint as total_orders, coalesce(sum(total_complaints), 0)::bigint as total_complaints,
         coalesce(sum(open_complaints), 0)::bigint as open_complaints,
         coalesce(sum(lifetime_value) filter (where currency = ?), 0)::numeric(30, 2) as value,
         coalesce(sum(total_orders) filter (where currency = ?), 0)::bigint as valued_orders`,
        [currency, currency],
      ),
    )) as [CounterSums];
  return sums;
}

export async function countSince(db: Db, company_id: string, from: string): Promise<number> {
  const [found] = (await db('customers')
    .where({ company_id })
    .whereNull('deleted_at')
    .where('created_at', '>=', from)
    .count({ customers: '*' })) as [{ customers: number }];
  return found.customers;
}
