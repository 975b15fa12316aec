import type { SeriesMetric, SeriesPoint } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { isCountedSql } from '../transactions/store.ts';
import type { SeriesQuery } from './schema.ts';

/** Lists the intervals in which something counts, oldest first. The sums match those of the customers' counters. */
export async function listSeries(
  db: Db,
  company_id: string,
  { metric, interval, from, to, currency }: SeriesQuery,
): Promise<SeriesPoint[]> {
  const { rows } = await db.raw<{ rows: SeriesPoint[] }>(sources[metric], { company_id, interval, from, to, currency });
  return rows;
}

// PostgreSQL begins weeks on Monday (ISO 8601).
const series = (value: string, rows: string) => `
select date_trunc(:interval, occurred_at, 'UTC') as at, ${value} as value
  from ${rows} and company_id = :company_id and occurred_at between :from and :to
 group by 1 order by 1`;

const sources: Readonly<Record<SeriesMetric, string>> = {
  orders: series('count(*)', "transactions where kind = 'order' and status <> 'cancelled' and currency = :currency"),
  order_value: series(
    "sum(case kind when 'order' then amount else -amount end)::numeric(30, 2)",
    `transactions as t where kind in ('order', 'refund') and currency = :currency and ${isCountedSql('t')}`,
  ),
  complaints: series('count(*)', "interactions where type = 'complaint'"),
};
