import { seriesIntervals, seriesMetrics } from '@clientela/contracts';
import { Instant, keyword, Money, nameSchemas, queryFrom, queryTo } from '@clientela/validation';
import { z } from 'zod';
import { Status, Type } from '../customers/schema.ts';

const byStatus = Object.fromEntries(Status.options.map((status) => [status, z.int()])) as Record<
  z.infer<typeof Status>,
  z.ZodInt
>;
const byType = Object.fromEntries(Type.options.map((type) => [type, z.int()])) as Record<
  z.infer<typeof Type>,
  z.ZodInt
>;

export const CustomerAnalytics = z.strictObject({
  total_customers: z.int(),
  customers_by_status: z.strictObject(byStatus),
  customers_by_type: z.strictObject(byType),
  order_statistics: z.strictObject({
    total_orders: z.int(),
    total_order_value: Money.meta({
      description: 'In the currency of the company; amounts in other currencies are not included',
    }),
    average_order_value: Money.nullable().meta({
      description:
        'The value by the number of orders in that currency; null when outside figures do not have that number',
    }),
  }),
  complaint_statistics: z.strictObject({ total_complaints: z.int(), open_complaints: z.int() }),
  new_customers_this_month: z.int().meta({ description: 'Since the first of the month (UTC)' }),
  generated_at: Instant,
});
export type CustomerAnalytics = z.infer<typeof CustomerAnalytics>;

export const SeriesQuery = z.strictObject({
  metric: keyword(['customers', ...seriesMetrics]),
  interval: keyword(seriesIntervals),
  from: queryFrom.optional().meta({ description: 'Its whole interval; default: 29 intervals before to' }),
  to: queryTo.optional().meta({ description: 'Its whole interval; default: now' }),
});

export const Series = z.strictObject({
  metric: z.enum(['customers', ...seriesMetrics]),
  interval: z.enum(seriesIntervals),
  currency: z.string().optional().meta({ description: 'Of the orders that count, for orders and order_value' }),
  points: z.array(
    z.strictObject({
      at: Instant.meta({ description: 'The begin of the interval (UTC)' }),
      value: z.union([z.int(), Money]).meta({ description: 'An amount for order_value, else a count' }),
    }),
  ),
  generated_at: Instant,
});

nameSchemas({ CustomerAnalytics, CustomerSeries: Series });
