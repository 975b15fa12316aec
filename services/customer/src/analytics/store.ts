import type { SeriesInterval } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { Status } from '../customers/schema.ts';
import { ordersByCurrencySql, valuedOrdersSql } from '../stats/store.ts';
import type { CustomerCount, CounterSums } from './rules.ts';

/** Counts undeleted customers, from the summary table. */
export const countByStatusAndType = async (db: Db, company_id: string): Promise<CustomerCount[]> =>
  db('customer_counts')
    .select('status', 'type', db.raw('sum(customers)::bigint as customers'))
    .where({ company_id, deleted: false })
    .groupBy('status', 'type');

/** Sums the counters of all customers, including deleted ones. Those that are not in the currency yet count with their amount in it. */
export async function sumCounters(db: Db, company_id: string, currency: string): Promise<CounterSums> {
  const [sums] = (await db.raw(sumCountersSql, { company_id, currency }).then(({ rows }) => rows)) as [CounterSums];
  return sums;
}

const sumCountersSql = `
select coalesce(sum(total_orders), 0)::bigint as total_orders, coalesce(sum(total_complaints), 0)::bigint as total_complaints,
       coalesce(sum(open_complaints), 0)::bigint as open_complaints, coalesce(sum(value), 0)::numeric(30, 2) as value,
       case when not coalesce(bool_or(value <> 0 and orders is null), false) then coalesce(sum(orders), 0)::bigint end as valued_orders
  from (
    select total_orders, total_complaints, open_complaints,
           case when currency = cast(:currency as text) then lifetime_value else coalesce((by_currency ->> cast(:currency as text))::numeric, 0) end as value,
           case when currency = cast(:currency as text) then ${valuedOrdersSql} else (${ordersByCurrencySql} ->> cast(:currency as text))::integer end as orders
      from customer_counters where company_id = :company_id
  ) as counted`;

export async function countSince(db: Db, company_id: string, from: string): Promise<number> {
  const [found] = (await db('customers')
    .where({ company_id })
    .whereNull('deleted_at')
    .where('created_at', '>=', from)
    .count({ customers: '*' })) as [{ customers: number }];
  return found.customers;
}

/** Counts the undeleted customers that were created in each interval of UTC; intervals without any are left out. */
export async function countCreated(
  db: Db,
  company_id: string,
  { interval, from, to }: { interval: SeriesInterval; from: string; to: string },
): Promise<{ at: string; value: number }[]> {
  const { rows } = await db.raw<{ rows: { at: string; value: number }[] }>(countCreatedSql, {
    company_id,
    statuses: Status.options,
    interval,
    from,
    to,
  });
  return rows;
}

// Names every status, so that the index of undeleted customers by status and time serves the whole range.
const countCreatedSql = `
select date_trunc(:interval, created_at, 'UTC') as at, count(*) as value
  from customers
 where company_id = :company_id and status = any(:statuses) and deleted_at is null and created_at between :from and :to
 group by 1 order by 1`;
