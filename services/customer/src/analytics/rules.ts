import { Status, Type } from '../customers/schema.ts';
import type { CustomerAnalytics } from './schema.ts';

export type CustomerCount = { status: string; type: string; customers: number };
export type CounterSums = {
  total_orders: number;
  total_complaints: number;
  open_complaints: number;
  /** Order value in the company's currency, and the number of orders in it; null when outside figures do not have it. */
  value: string;
  valued_orders: number | null;
};

const sum = (counts: readonly CustomerCount[]): number => counts.reduce((total, { customers }) => total + customers, 0);

export function buildAnalytics(
  counts: readonly CustomerCount[],
  { total_orders, total_complaints, open_complaints, value, valued_orders }: CounterSums,
  rest: Pick<CustomerAnalytics, 'new_customers_this_month' | 'generated_at'>,
): CustomerAnalytics {
  const countsBy = <Name extends string>(field: 'status' | 'type', names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, sum(counts.filter((count) => count[field] === name))])) as Record<
      Name,
      number
    >;
  return {
    total_customers: sum(counts),
    customers_by_status: countsBy('status', Status.options),
    customers_by_type: countsBy('type', Type.options),
    order_statistics: { total_orders, total_order_value: value, average_order_value: average(value, valued_orders) },
    complaint_statistics: { total_complaints, open_complaints },
    ...rest,
  };
}

/**
 * Divides an amount by a count, rounded to two decimal places, halves away from zero.
 * @param value amount with two decimal places
 * @param count null when unknown, as the average is then
 */
export function average<Count extends number | null>(
  value: string,
  count: Count,
): string | (null extends Count ? null : never);
export function average(value: string, count: number | null): string | null {
  if (count === null) return null;
  if (count === 0) return '0.00';
  const hundredths = BigInt(value.replace('.', ''));
  const divisor = BigInt(count);
  const half = hundredths < 0n ? -divisor : divisor;
  const rounded = String((2n * hundredths + half) / (2n * divisor));
  const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(rounded) ?? [];
  const padded = digits.padStart(3, '0');
  return `${sign}${padded.slice(0, -2)}.${padded.slice(-2)}`;
}
