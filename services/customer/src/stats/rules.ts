import type { Counters, Stats } from './schema.ts';

/** Returns the public part of a customer's counters. */
export const toStats = ({ last_complaint_date: _last, counters_updated_at: _at, ...stats }: Counters): Stats => stats;
