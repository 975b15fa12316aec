import type { CustomerTotals } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { isCountedSql } from '../transactions/store.ts';

/**
 * Computes each customer's totals and their recorded version, in one statement, so that both come from one snapshot.
 * The sums match those of the order, complaint and appointment views.
 * @param currency the company's; amounts in other currencies are in `by_currency`
 */
export async function listTotals(
  db: Db,
  company_id: string,
  customer_ids: readonly string[],
  currency: string,
): Promise<CustomerTotals[]> {
  const rows = db.select('*').from(db.raw(`(${totalsQuery}) as totals`, { company_id, customer_ids, currency }));
  // PostgreSQL parses and plans a named statement once per connection.
  return (await rows.options({ name: 'list_totals' })) as CustomerTotals[];
}

const appointmentDate = 'coalesce(scheduled_at, occurred_at)';

const totalsQuery = `
select requested.customer_id, coalesce(locks.recorded_version, 0) as changes, money.*, complaints.*, appointments.*
  from unnest(cast(:customer_ids as uuid[])) with ordinality as requested (customer_id, position)
  left join customer_locks as locks on locks.company_id = :company_id and locks.customer_id = requested.customer_id
 cross join lateral (
   select coalesce(sum(orders), 0)::bigint as total_orders,
          min(first) as first_order_date,
          max(last) as last_order_date,
          coalesce(sum(refunds), 0)::bigint as returned_orders,
          coalesce(sum(value) filter (where currency = :currency), 0)::numeric(30, 2) as lifetime_value,
          :currency as currency,
          coalesce(jsonb_object_agg(currency, value::text) filter (where currency <> :currency), '{}') as by_currency,
          coalesce(sum(orders) filter (where currency = :currency), 0)::bigint as valued_orders,
          coalesce(jsonb_object_agg(currency, orders) filter (where currency <> :currency and orders > 0), '{}') as orders_by_currency
     from (
       select currency,
              count(*) filter (where kind = 'order') as orders,
              min(occurred_at) filter (where kind = 'order') as first,
              max(occurred_at) filter (where kind = 'order') as last,
              count(*) filter (where kind = 'refund') as refunds,
              sum(case kind when 'order' then amount else -amount end)::numeric(30, 2) as value
         from transactions as t
        where company_id = :company_id and customer_id = requested.customer_id
          and kind in ('order', 'refund') and ${isCountedSql('t')}
        group by currency
     ) as spent
 ) as money
 cross join lateral (
   select count(*) as total_complaints,
          count(*) filter (where status in ('open', 'in_progress')) as open_complaints,
          max(occurred_at) as last_complaint_date
     from interactions
    where company_id = :company_id and customer_id = requested.customer_id and type = 'complaint'
 ) as complaints
 cross join lateral (
   select count(*) as total_appointments,
          count(*) filter (where status = 'cancelled') as cancelled_appointments,
          min(${appointmentDate}) as first_appointment_date,
          max(${appointmentDate}) as last_appointment_date
     from interactions
    where company_id = :company_id and customer_id = requested.customer_id and type = 'appointment'
 ) as appointments
 order by position`;
