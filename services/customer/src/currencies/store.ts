import type { Db, Tx } from '@clientela/db';
import { ordersByCurrencySql, valuedOrdersSql } from '../stats/store.ts';

/** A company whose currency changed lately. */
export type CurrencyChange = { company_id: string; currency: string };

/** Remembers the new currency of a company until all counters of its customers are in it. */
export const recordCurrencyChange = (tx: Tx, company_id: string, currency: string): Promise<unknown> =>
  tx('company_currency_changes')
    .insert({ company_id, currency })
    .onConflict('company_id')
    .merge({ currency, changed_at: tx.fn.now() });

export const listCurrencyChanges = (db: Db): Promise<CurrencyChange[]> =>
  db('company_currency_changes').select('company_id', 'currency').orderBy('company_id') as Promise<CurrencyChange[]>;

/** Forgets a change after two minutes: by then no cache, also of another process, holds the earlier currency. */
export const deleteOldCurrencyChange = (db: Db, change: CurrencyChange): Promise<number> =>
  db('company_currency_changes').where(change).whereRaw(`changed_at < now() - interval '2 minutes'`).delete();

/** Lists the currencies of a company's counters by customer, after the given one. */
export async function listCounterCurrencies(
  db: Db,
  company_id: string,
  after: string | undefined,
  limit: number,
): Promise<{ customer_id: string; currency: string }[]> {
  const rows = db('customer_counters').select('customer_id', 'currency').where({ company_id });
  if (after !== undefined) void rows.where('customer_id', '>', after);
  return rows.orderBy('customer_id').limit(limit);
}

/**
 * Expresses counters in the new currency, as `inCurrency` does with totals. Rows that another transaction changes meanwhile are skipped.
 * Nothing is converted: the amount in the new currency becomes the lifetime value.
 */
export const changeCounterCurrency = (
  db: Db,
  { company_id, currency }: CurrencyChange,
  customer_ids: readonly string[],
): Promise<unknown> => db.raw(changeCurrencySql, { company_id, currency, customer_ids });

const changeCurrencySql = `
with before as (
  select customer_id, currency, lifetime_value, by_currency, totals_version,
         ${valuedOrdersSql} as valued_orders, ${ordersByCurrencySql} as orders_by_currency
    from customer_counters
   where company_id = :company_id and customer_id = any(cast(:customer_ids as uuid[])) and currency <> cast(:currency as text)
     for update skip locked
)
update customer_counters as counters
   set currency = cast(:currency as text),
       lifetime_value = coalesce((before.by_currency ->> cast(:currency as text))::numeric, 0),
       by_currency = (before.by_currency - cast(:currency as text)) || case
         when before.lifetime_value <> 0 or before.valued_orders > 0
         then jsonb_build_object(before.currency, before.lifetime_value::text) else '{}' end,
       valued_orders = case when before.valued_orders is not null
         then coalesce((before.orders_by_currency ->> cast(:currency as text))::integer, 0) end,
       orders_by_currency = case when before.valued_orders is not null
         then (before.orders_by_currency - cast(:currency as text)) || case when before.valued_orders > 0
           then jsonb_build_object(before.currency, before.valued_orders) else '{}' end end,
       order_counts_version = case when before.valued_orders is not null then before.totals_version end,
       counters_updated_at = now()
  from before
 where counters.company_id = :company_id and counters.customer_id = before.customer_id`;
