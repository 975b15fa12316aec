import type { CustomerTotals, OutsideService } from '@clientela/contracts';
import type { Counters, Stats } from './schema.ts';

/** Returns the public part of a customer's counters. */
export const toStats = ({ counters_updated_at: _at, valued_orders: _orders, ...stats }: Counters): Stats => stats;

/** Counters that one service owns: the interaction service, or the outside service that reports them. */
export type CounterGroup = OutsideService;

/** The counters of each group; those of orders include amounts and what belongs to them. */
export const counterGroups = {
  orders: ['total_orders', 'first_order_date', 'last_order_date', 'returned_orders', 'lifetime_value', 'by_currency'],
  complaints: ['total_complaints', 'open_complaints', 'last_complaint_date'],
  scheduling: ['total_appointments', 'cancelled_appointments', 'first_appointment_date', 'last_appointment_date'],
} as const satisfies Record<CounterGroup, readonly (keyof CustomerTotals)[]>;

/** Counters that follow from those of orders and are never reported. */
const derivedFromOrders = ['currency', 'valued_orders', 'orders_by_currency'] as const;

/** Leaves out the counters of groups that outside services report. */
export function withoutGroups<Totals extends object>(
  totals: Totals,
  reported: ReadonlySet<CounterGroup>,
): Partial<Totals> {
  const names = new Set<string>([...reported].flatMap((group): readonly string[] => counterGroups[group]));
  if (reported.has('orders')) for (const name of derivedFromOrders) names.add(name);
  return Object.fromEntries(Object.entries(totals).filter(([name]) => !names.has(name))) as Partial<Totals>;
}

/** Totals with counts of orders by currency: null where unknown. Without other currencies all orders are in the one. */
export type CountedTotals = Omit<CustomerTotals, 'valued_orders' | 'orders_by_currency'> & {
  valued_orders: number | null;
  orders_by_currency: Record<string, number> | null;
};

export function withOrderCounts({ valued_orders, orders_by_currency, ...totals }: CustomerTotals): CountedTotals {
  if (valued_orders !== undefined) return { ...totals, valued_orders, orders_by_currency: orders_by_currency ?? {} };
  return Object.keys(totals.by_currency).length === 0
    ? { ...totals, valued_orders: totals.total_orders, orders_by_currency: {} }
    : { ...totals, valued_orders: null, orders_by_currency: null };
}

/**
 * Expresses totals in another currency of a company: the amount in it moves from `by_currency` to `lifetime_value`, the other one back.
 * Nothing is converted. `changeCounterCurrency` does the same with stored counters.
 */
export function inCurrency(totals: CustomerTotals, currency: string): CustomerTotals {
  if (totals.currency === currency) return totals;
  const { valued_orders, orders_by_currency, ...rest } = withOrderCounts(totals);
  const { [currency]: lifetime_value = '0.00', ...amounts } = rest.by_currency;
  const hasOrders = (valued_orders ?? 0) > 0;
  const hasAmount = hasOrders || rest.lifetime_value !== '0.00';
  const by_currency = hasAmount ? { ...amounts, [rest.currency]: rest.lifetime_value } : amounts;
  const expressed = { ...rest, currency, lifetime_value, by_currency };
  if (valued_orders === null) return expressed;
  const { [currency]: orders = 0, ...counts } = orders_by_currency ?? {};
  return {
    ...expressed,
    valued_orders: orders,
    orders_by_currency: hasOrders ? { ...counts, [rest.currency]: valued_orders } : counts,
  };
}
