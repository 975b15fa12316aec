import { seriesIntervals, seriesMetrics } from '@clientela/contracts';
import { Currency, Instant } from '@clientela/validation';
import { z } from 'zod';

export const SeriesQuery = z.strictObject({
  metric: z.enum(seriesMetrics),
  interval: z.enum(seriesIntervals),
  from: Instant,
  to: Instant,
  currency: Currency.meta({ description: 'Of the orders and amounts that count' }),
});
export type SeriesQuery = z.infer<typeof SeriesQuery>;
