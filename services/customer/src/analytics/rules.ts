import type { SeriesInterval } from '@clientela/contracts';
import { invalid } from '@clientela/errors';
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

/** The most points of a series. */
export const maxPoints = 400;
const defaultPoints = 30;

const dayMs = 86_400_000;
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z');
const firstInstant = Date.parse('0001-01-01T00:00:00.000Z'); // a Monday

/** Returns the begin of an interval of UTC, a number of intervals after the one that contains the instant. Weeks begin on Monday. */
function startOf(interval: SeriesInterval, instant: number, offset = 0): number {
  const start = new Date(instant);
  start.setUTCHours(0, 0, 0, 0);
  if (interval === 'month') start.setUTCMonth(start.getUTCMonth() + offset, 1);
  else if (interval === 'week') start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7) + 7 * offset);
  else start.setUTCDate(start.getUTCDate() + offset);
  return start.getTime();
}

export type SeriesRange = { starts: string[]; from: string; to: string };

/**
 * Resolves the whole intervals of a series: those that contain `from` and `to`, and all between them.
 * @param range.to default now
 * @param range.from default 29 intervals before `to`
 * @returns the begins of the intervals, and the first and the last instant in them
 * @throws AppError 422 for an empty range or one of more than 400 intervals
 */
export function resolveSeries(
  interval: SeriesInterval,
  range: { from?: string | undefined; to?: string | undefined },
  now: number,
): SeriesRange {
  const to = range.to === undefined ? now : Date.parse(range.to);
  const first = range.from === undefined ? startOf(interval, to, 1 - defaultPoints) : Date.parse(range.from);
  if (first > to) throw invalid([{ path: 'from', message: 'must not be after to' }]);
  if ((to - first) / dayMs > maxPoints * 31) throw tooManyPoints();
  const starts: number[] = [];
  const last = startOf(interval, to);
  for (let start = startOf(interval, Math.max(first, firstInstant)); start <= last; start = startOf(interval, start, 1))
    starts.push(start);
  if (starts.length > maxPoints) throw tooManyPoints();
  return {
    starts: starts.map((start) => new Date(start).toISOString()),
    from: new Date(starts[0] ?? last).toISOString(),
    to: new Date(Math.min(startOf(interval, last, 1) - 1, lastInstant)).toISOString(),
  };
}

const tooManyPoints = () => invalid([{ path: 'from', message: `must be at most ${maxPoints} intervals before to` }]);

/** Adds the intervals without a value. */
export function fillSeries<Value>(
  starts: readonly string[],
  points: readonly { at: string; value: Value }[],
  empty: Value,
): { at: string; value: Value }[] {
  const values = new Map(points.map(({ at, value }) => [at, value]));
  return starts.map((at) => ({ at, value: values.get(at) ?? empty }));
}
