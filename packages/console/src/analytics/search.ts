import { day, oneOf, text } from '../api/search-params.ts';

export const periods = ['7d', '30d', '90d', '12m', '24m'] as const;
export const intervals = ['day', 'week', 'month'] as const;
export type Period = (typeof periods)[number];
export type Interval = (typeof intervals)[number];

export type AnalyticsSearch = {
  /** Without it, and without days of one's own, the last 30 days. */
  period?: Period | undefined;
  /** Days of one's own, `2026-01-31`; they win over the period. */
  from?: string | undefined;
  to?: string | undefined;
  /** Without it, the one that suits the period. */
  interval?: Interval | undefined;
  compare?: 'off' | undefined;
  /** The charts whose tables are open, with commas. */
  tables?: string | undefined;
};

/** Reads what the charts show from the address. */
export const analyticsSearch = (search: Record<string, unknown>): AnalyticsSearch => ({
  period: oneOf(search['period'], periods),
  from: day(search['from']),
  to: day(search['to']),
  interval: oneOf(search['interval'], intervals),
  compare: oneOf(search['compare'], ['off']),
  tables: text(search['tables']),
});
