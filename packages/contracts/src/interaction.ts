import { z } from 'zod';
import { defineEvent, fieldsChanged as fields_changed } from './event-contract.ts';

// Events and internal calls of the interaction service.

/**
 * The change counter of the customer's totals at this event. Totals read at this count or a later one include the event already.
 * Absent from events that were published before the counter existed.
 */
const customer_changes = z.int().optional();

/** The fields of an interaction that a customer's counters depend on. Scheduled interactions count by `scheduled_at`. */
const interactionState = {
  type: z.string(),
  status: z.string().nullable(),
  occurred_at: z.iso.datetime(),
  scheduled_at: z.iso.datetime().nullable(),
};
const interaction = { interaction_id: z.uuid(), customer_id: z.uuid(), customer_changes };
export const interactionRecorded = defineEvent(
  'interaction.recorded',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, ...interactionState }),
);
export const interactionUpdated = defineEvent(
  'interaction.updated',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, fields_changed, from: z.object(interactionState), to: z.object(interactionState) }),
);
/** Published for a single deletion. Interactions that are deleted with their customer are covered by `customer.deleted`. */
export const interactionDeleted = defineEvent(
  'interaction.deleted',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, ...interactionState }),
);

/** The mutable fields of a transaction that counters depend on. `amount` is a decimal with two places. */
const transactionState = {
  status: z.string(),
  amount: z.string(),
  currency: z.string(),
  occurred_at: z.iso.datetime(),
};
const transaction = {
  transaction_id: z.uuid(),
  customer_id: z.uuid(),
  customer_changes,
  kind: z.string(),
  direction: z.string(),
};
export const transactionRecorded = defineEvent(
  'transaction.recorded',
  'transaction_id',
  ['auth', 'customer'],
  z.object({ ...transaction, ...transactionState }),
);
export const transactionUpdated = defineEvent(
  'transaction.updated',
  'transaction_id',
  ['auth', 'customer'],
  z.object({ ...transaction, fields_changed, from: z.object(transactionState), to: z.object(transactionState) }),
);

const count = z.int().min(0);
const totalAmount = z.string().regex(/^-?\d{1,28}\.\d{2}$/);
const nullableInstant = z.iso.datetime().nullable();

/** The totals over everything recorded for a customer: the values of its counters once all events are processed. */
export const CustomerTotals = z.object({
  customer_id: z.uuid(),
  /** Counts the changes of the totals; 0 for an unknown customer. The response with the higher number is newer. */
  changes: count,
  total_orders: count,
  total_appointments: count,
  total_complaints: count,
  open_complaints: count,
  first_order_date: nullableInstant,
  last_order_date: nullableInstant,
  first_appointment_date: nullableInstant,
  last_appointment_date: nullableInstant,
  last_complaint_date: nullableInstant,
  returned_orders: count,
  cancelled_appointments: count,
  /** In `currency`, the company's. Amounts in other currencies are in `by_currency`. */
  lifetime_value: totalAmount,
  currency: z.string(),
  by_currency: z.record(z.string(), totalAmount),
  /** Orders in `currency`, by which its average divides. Absent in responses of earlier versions. */
  valued_orders: count.optional(),
  /** Orders in the currencies of `by_currency`. */
  orders_by_currency: z.record(z.string(), count).optional(),
});
export type CustomerTotals = z.infer<typeof CustomerTotals>;

/** Response of GET /internal/customers/totals?customer_id=…&customer_id=…, for the customer service only: 1 to 100 customers, in the order of the query. */
export const InternalTotals = z.object({ totals: z.array(CustomerTotals) });

/** What the interaction service counts over time. */
export const seriesMetrics = ['orders', 'order_value', 'complaints'] as const;
export type SeriesMetric = (typeof seriesMetrics)[number];
export const seriesIntervals = ['day', 'week', 'month'] as const;
export type SeriesInterval = (typeof seriesIntervals)[number];

/** Response of GET /internal/series, for the customer service only: intervals with a value, oldest first. `at` is the begin of the interval. */
export const InternalSeries = z.object({
  points: z.array(z.object({ at: z.iso.datetime(), value: z.union([count, totalAmount]) })),
});
export type SeriesPoint = z.infer<typeof InternalSeries>['points'][number];

// The customer service reads one customer's orders, complaints and appointments from the configured upstream:
// GET {url}/internal/customers/{id}/orders?limit=10&status=… and the like, newest first. A company may configure an upstream of its
// own. Only fields that are passed on to clients are validated; the records themselves pass through.

const amount = z.string().regex(/^-?\d{1,15}\.\d{2}$/);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const breakdown = z.record(z.string().max(50), count).refine((statuses) => Object.keys(statuses).length <= 100);

const maxRecords = 100; // per response
const maxRecordLength = 16 * 1024; // characters of a record as JSON
const records = z
  .array(z.record(z.string(), z.json()).refine((record) => JSON.stringify(record).length <= maxRecordLength))
  .max(maxRecords);

export const CustomerOrders = z.object({
  summary: z.object({
    total_orders: count,
    total_order_value: amount,
    average_order_value: amount.nullable(),
    last_order_date: instant.nullable(),
  }),
  status_breakdown: breakdown,
  orders: records,
});
export type CustomerOrders = z.infer<typeof CustomerOrders>;

export const CustomerComplaints = z.object({
  summary: z.object({
    total_complaints: count,
    open_complaints: count,
    resolved_complaints: count,
    last_complaint_date: instant.nullable(),
  }),
  status_breakdown: breakdown,
  complaints: records,
});
export type CustomerComplaints = z.infer<typeof CustomerComplaints>;

export const CustomerAppointments = z.object({
  summary: z.object({
    total_appointments: count,
    cancelled_appointments: count,
    last_appointment_date: instant.nullable(),
  }),
  status_breakdown: breakdown,
  appointments: records,
});
export type CustomerAppointments = z.infer<typeof CustomerAppointments>;
