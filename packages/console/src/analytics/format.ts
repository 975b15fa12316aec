import { cached, formatDay } from '../ui/format.ts';
import type { Range } from './period.ts';
import type { Interval } from './search.ts';

// Days are `2026-01-31`, of UTC.

const dates = (options: Intl.DateTimeFormatOptions) =>
  cached((language) => new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' }));
const months = dates({ month: 'long', year: 'numeric' });
const shortMonths = dates({ month: 'short', year: '2-digit' });
const shortDays = dates({ month: 'short', day: 'numeric' });
const days = dates({ dateStyle: 'medium' });
const at = (date: string) => new Date(`${date}T00:00:00Z`);

/** An interval by its first day: `Nov 27, 2026`, or `November 2026`. */
export const formatInterval = (interval: Interval, date: string): string =>
  interval === 'month' ? months().format(at(date)) : formatDay(date);

/** The same, short enough to stand below a chart. */
export const formatTick = (interval: Interval, date: string): string =>
  (interval === 'month' ? shortMonths() : shortDays()).format(at(date));

export const formatRange = ({ first, last }: Range): string => days().formatRange(at(first), at(last));

/** What a spreadsheet understands as a day or a month. */
export const rawInterval = (interval: Interval, date: string): string =>
  interval === 'month' ? date.slice(0, 7) : date;

const percent = (options: Intl.NumberFormatOptions = {}) =>
  cached((language) => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1, ...options }));
const shares = percent();
const changes = percent({ signDisplay: 'exceptZero' });
const short = cached((language) => new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 2 }));
export const formatShare = (share: number): string => shares().format(share);
export const formatChange = (change: number): string => changes().format(change);

/** A number beside an axis: `1.65K`. */
export const formatShort = (value: number): string => short().format(value);
