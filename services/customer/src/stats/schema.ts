import { Currency, Instant, Money, money, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { Customer } from '../customers/schema.ts';

const Amounts = z.record(z.string(), Money);

export const Stats = z.strictObject({
  total_orders: z.int(),
  total_appointments: z.int(),
  total_complaints: z.int(),
  open_complaints: z.int(),
  first_order_date: Instant.nullable(),
  last_order_date: Instant.nullable(),
  first_appointment_date: Instant.nullable(),
  last_appointment_date: Instant.nullable(),
  last_complaint_date: Instant.nullable(),
  returned_orders: z.int(),
  cancelled_appointments: z.int(),
  lifetime_value: Money,
  currency: z.string(),
  by_currency: Amounts.meta({ description: 'Amounts spent in other currencies' }),
  customer_since: Instant.meta({ description: 'When the customer was created' }),
});
export type Stats = z.infer<typeof Stats>;

/** All counters of a customer and the time of their last change. */
export type Counters = Stats & {
  counters_updated_at: string;
  /** Orders in `currency`; null when unknown. */
  valued_orders: number | null;
};

const maxCount = 2_147_483_647;
const count = z.int().min(0).max(maxCount);
const delta = z.int().min(-maxCount).max(maxCount);
const anyAmount = money(-999_999_999_999_999);

const counts = <Count extends z.ZodType>(count: Count) => ({
  total_orders: count,
  total_appointments: count,
  total_complaints: count,
  open_complaints: count,
  returned_orders: count,
  cancelled_appointments: count,
});
const dates = <Date extends z.ZodType>(date: Date) => ({
  first_order_date: date,
  last_order_date: date,
  first_appointment_date: date,
  last_appointment_date: date,
  last_complaint_date: date,
});

/** Values to add to counts and amounts; a first date only moves back, a last date only forward. */
const Increment = z
  .strictObject({
    ...counts(delta),
    ...dates(Instant),
    lifetime_value: anyAmount,
    by_currency: z.record(Currency, anyAmount),
  })
  .partial();
export type Increment = z.infer<typeof Increment>;

const Absolute = z
  .strictObject({
    ...counts(count),
    ...dates(Instant.nullable()),
    lifetime_value: anyAmount,
    by_currency: z.record(Currency, anyAmount),
  })
  .partial();
export type Absolute = z.infer<typeof Absolute>;

export const StatisticsChange = Absolute.extend({
  increment: Increment.optional(),
  currency: Currency.optional().meta({ description: 'Of the amounts; another one than the record’s is a 409' }),
}).superRefine(({ increment = {}, ...absolute }, context) => {
  for (const field of Object.keys(increment)) {
    if (field in absolute)
      context.addIssue({
        code: 'custom',
        path: ['increment', field],
        message: 'must not be combined with an absolute value',
      });
  }
});
export type StatisticsChange = z.infer<typeof StatisticsChange>;

export const CustomerRecordResponse = z.strictObject({ customer: Customer });

nameSchemas({ CustomerStatistics: Stats });
