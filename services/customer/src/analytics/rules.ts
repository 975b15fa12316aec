import { Status, Type } from '../customers/schema.ts';
import type { CustomerAnalytics } from './schema.ts';

export type CustomerCount = { status: string; type: string; customers: number };
export type CounterSums = {
  total_orders: number;
  total_complaints: number;
  open_complaints: number;
  /** In the company's currency, and of how many orders it is the value. */
  value: string;
  valued: number;
};

const sum = (counts: readonly CustomerCount[]): number => counts.reduce((total, { customers }) => total + customers, 0);

export function buildAnalytics(
  counts: readonly CustomerCount[],
  { total_orders, total_complaints, open_complaints, value, valued }: CounterSums,
  rest: Pick<CustomerAnalytics, 'new_customers_this_month' | 'generated_at'>,
): CustomerAnalytics {
  const by = <Name extends string>(field: 'status' | 'type', names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, sum(counts.filter((count) => count[field] === name))])) as Record<
      Name,
      number
    >;
  return {
    total_customers: sum(counts),
    customers_by_status: by('status', Status.options),
    customers_by_type: by('type', Type.options),
    order_statistics: { total_orders, total_order_value: value, average_order_value: average(value, valued) },
    complaint_statistics: { total_complaints, open_complaints },
    ...rest,
  };
}

/** @param value with two places. @returns its part, rounded to two places, halves away from zero */
export function average(value: string, parts: number): string {
  if (parts === 0) return '0.00';
  const hundredths = BigInt(value.replace('.', ''));
  const count = BigInt(parts);
  const half = hundredths < 0n ? -count : count;
  const rounded = String((2n * hundredths + half) / (2n * count));
  const [, sign = '', digits = ''] = /^(-?)(\d+)$/.exec(rounded) ?? [];
  const padded = digits.padStart(3, '0');
  return `${sign}${padded.slice(0, -2)}.${padded.slice(-2)}`;
}
