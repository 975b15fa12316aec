import { Instant, Money, queryInteger, Uuid } from '@clientela/validation';
import { z } from 'zod';
import { statuses as ofInteractions } from '../interactions/rules.ts';
import { statuses as ofTransactions } from '../transactions/rules.ts';

export const CustomerId = z.strictObject({ customer_id: Uuid });

const viewQuery = <const Statuses extends readonly string[]>(statuses: Statuses) =>
  z.strictObject({ limit: queryInteger(1, 100).default(10), status: z.enum(statuses).optional() });
/** How many there are of each status, those of none too. */
const breakdown = <const Statuses extends readonly string[]>(statuses: Statuses) => z.record(z.enum(statuses), z.int());

const times = { occurred_at: Instant, created_at: Instant, updated_at: Instant };

// What is listed here reaches the person it is about: none of it was written for the company's own eyes.

const Order = z.strictObject({
  id: Uuid,
  order_id: z.string().nullable(),
  status: z.enum(ofTransactions),
  direction: z.enum(['in', 'out']),
  amount: Money,
  currency: z.string(),
  product_id: Uuid.nullable(),
  description: z.string().nullable(),
  external_ref: z.string().nullable(),
  ...times,
});

const Appointment = z.strictObject({
  id: Uuid,
  status: z.enum(ofInteractions.appointment),
  scheduled_at: Instant.nullable(),
  category: z.string().nullable(),
  ...times,
});

const Complaint = z.strictObject({
  id: Uuid,
  status: z.enum(ofInteractions.complaint),
  priority: z.string().nullable(),
  category: z.string().nullable(),
  ...times,
});

export const OrderQuery = viewQuery(ofTransactions);
export const OrderView = z.strictObject({
  /** Pending and completed ones; values, less refunds, in the company's currency. */
  summary: z.strictObject({
    total_orders: z.int(),
    total_order_value: Money,
    average_order_value: Money,
    last_order_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(ofTransactions),
  orders: z.array(Order),
  as_of: Instant,
});
export type OrderView = z.infer<typeof OrderView>;

export const ComplaintQuery = viewQuery(ofInteractions.complaint);
export const ComplaintView = z.strictObject({
  /** Open ones are those in progress too, resolved ones those closed too. */
  summary: z.strictObject({
    total_complaints: z.int(),
    open_complaints: z.int(),
    resolved_complaints: z.int(),
    last_complaint_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(ofInteractions.complaint),
  complaints: z.array(Complaint),
  as_of: Instant,
});
export type ComplaintView = z.infer<typeof ComplaintView>;

export const AppointmentQuery = viewQuery(ofInteractions.appointment);
export const AppointmentView = z.strictObject({
  /** An appointment's date is when it is scheduled, else when it occurred; cancelled ones count too. */
  summary: z.strictObject({
    total_appointments: z.int(),
    cancelled_appointments: z.int(),
    last_appointment_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(ofInteractions.appointment),
  appointments: z.array(Appointment),
  as_of: Instant,
});
export type AppointmentView = z.infer<typeof AppointmentView>;
