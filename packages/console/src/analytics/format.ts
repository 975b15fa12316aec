import { currentLanguage } from '../messages/index.ts';
import { formatDay } from '../ui/format.ts';
import type { Range } from './period.ts';
import type { Interval } from './search.ts';

// Days are `2026-01-31`, of UTC.

const dates = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(currentLanguage(), { ...options, timeZone: 'UTC' });
const at = (date: string) => new Date(`${date}T00:00:00Z`);

/** An interval by its first day: `Nov 27, 2026`, or `November 2026`. */
export const formatInterval = (interval: Interval, date: string): string =>
  interval === 'month' ? dates({ month: 'long', year: 'numeric' }).format(at(date)) : formatDay(date);

/** The same, short enough to stand below a chart. */
export const formatTick = (interval: Interval, date: string): string =>
  dates(interval === 'month' ? { month: 'short', year: '2-digit' } : { month: 'short', day: 'numeric' }).format(
    at(date),
  );

export const formatRange = ({ first, last }: Range): string =>
  dates({ dateStyle: 'medium' }).formatRange(at(first), at(last));

/** What a spreadsheet understands as a day or a month. */
export const rawInterval = (interval: Interval, date: string): string =>
  interval === 'month' ? date.slice(0, 7) : date;

const percent = (options: Intl.NumberFormatOptions = {}) =>
  new Intl.NumberFormat(currentLanguage(), { style: 'percent', maximumFractionDigits: 1, ...options });
export const formatShare = (share: number): string => percent().format(share);
export const formatChange = (change: number): string => percent({ signDisplay: 'exceptZero' }).format(change);

/** A number beside an axis: `1.65K`. */
export const formatShort = (value: number): string =>
  new Intl.NumberFormat(currentLanguage(), { notation: 'compact', maximumFractionDigits: 2 }).format(value);
