import { intervals, type AnalyticsSearch, type Interval, type Period } from './search.ts';

// The server counts whole intervals of UTC: those that contain the first and the last day, and all between them. Days are `2026-01-31`.

/** The most points of one answer. */
const maxPoints = 400;
/** More points than this are read better by a longer interval. */
const comfortable = 31;
const dayMs = 86_400_000;

const at = (date: string) => new Date(`${date}T00:00:00Z`);
const dayOf = (date: Date) => date.toISOString().slice(0, 10);

/** The begin of an interval, a number of intervals after the one that a day is in. Weeks begin on Monday. */
export function startOf(interval: Interval, date: string, offset = 0): string {
  const start = at(date);
  if (interval === 'month') start.setUTCMonth(start.getUTCMonth() + offset, 1);
  else if (interval === 'week') start.setUTCDate(start.getUTCDate() - ((start.getUTCDay() + 6) % 7) + 7 * offset);
  else start.setUTCDate(start.getUTCDate() + offset);
  return dayOf(start);
}

/** The day that it is now. */
export const todayInUtc = (): string => dayOf(new Date());

const dayBefore = (date: string) => startOf('day', date, -1);

function countIntervals(interval: Interval, from: string, to: string): number {
  const [first, last] = [at(startOf(interval, from)), at(startOf(interval, to))];
  if (interval === 'month')
    return 12 * (last.getUTCFullYear() - first.getUTCFullYear()) + last.getUTCMonth() - first.getUTCMonth() + 1;
  return Math.round((last.getTime() - first.getTime()) / dayMs / (interval === 'week' ? 7 : 1)) + 1;
}

export type Range = { first: string; last: string };

/** What is counted: whole intervals, and as many right before them. */
export type Plan = Range & {
  interval: Interval;
  count: number;
  before: Range | undefined;
  /** Whether the last interval is not over yet. */
  isRunning: boolean;
};

export type Planned = Readonly<{ from: string; to: string }> &
  (
    | { plan: Plan; /** Intervals that fit into one answer. */ fitting: readonly Interval[]; error?: undefined }
    | { plan?: undefined; fitting: readonly []; error: 'order' | 'tooLong' }
  );

const firstDays: Readonly<Record<Period, (today: string) => string>> = {
  '7d': (today) => startOf('day', today, -6),
  '30d': (today) => startOf('day', today, -29),
  '90d': (today) => startOf('day', today, -89),
  '12m': (today) => startOf('month', today, -11),
  '24m': (today) => startOf('month', today, -23),
};

export const pointsThatFit = (isCompared: boolean): number => (isCompared ? maxPoints / 2 : maxPoints);

/** Decides from the address what to count. @param today of UTC */
export function planPeriod({ period = '30d', from, to, interval, compare }: AnalyticsSearch, today: string): Planned {
  const last = to ?? today;
  const first = from ?? (to === undefined ? firstDays[period](today) : firstDays['30d'](to));
  const days = { from: first, to: last };
  if (first > last) return { ...days, fitting: [], error: 'order' };
  const isCompared = compare !== 'off';
  const fitting = intervals.filter((each) => countIntervals(each, first, last) <= pointsThatFit(isCompared));
  const usual = fitting.find((each) => countIntervals(each, first, last) <= comfortable) ?? fitting.at(-1);
  const chosen = fitting.find((each) => each === interval) ?? usual;
  if (chosen === undefined) return { ...days, fitting: [], error: 'tooLong' };
  return { ...days, fitting, plan: planIntervals(chosen, first, last, isCompared, today) };
}

function planIntervals(interval: Interval, from: string, to: string, isCompared: boolean, today: string): Plan {
  const count = countIntervals(interval, from, to);
  const first = startOf(interval, from);
  const last = dayBefore(startOf(interval, to, 1));
  const before = isCompared ? { first: startOf(interval, first, -count), last: dayBefore(first) } : undefined;
  return { interval, first, last, count, before, isRunning: first <= today && today <= last };
}
