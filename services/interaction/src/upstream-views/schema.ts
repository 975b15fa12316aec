import { Instant, keyword, Money, queryInteger, Uuid } from '@clientela/validation';
import { z } from 'zod';
import { statuses as interactionStatuses } from '../interactions/rules.ts';
import { statuses as transactionStatuses } from '../transactions/rules.ts';

export const CustomerId = z.strictObject({ customer_id: Uuid });

const viewQuery = <const Statuses extends readonly string[]>(statuses: Statuses) =>
  z.strictObject({ limit: queryInteger(1, 100).default(10), status: keyword(statuses).optional() });
/** The number of records of each status, including 0. */
const breakdown = <const Statuses extends readonly string[]>(statuses: Statuses) => z.record(z.enum(statuses), z.int());

const timeFields = { occurred_at: Instant, created_at: Instant, updated_at: Instant };

// Customers see these fields about themselves: of interactions, only complaints have their notes.

const Order = z.strictObject({
  id: Uuid,
  order_id: z.string().nullable(),
  status: z.enum(transactionStatuses),
  direction: z.enum(['in', 'out']),
  amount: Money,
  currency: z.string(),
  product_id: Uuid.nullable(),
  description: z.string().nullable(),
  external_ref: z.string().nullable(),
  ...timeFields,
});

const Appointment = z.strictObject({
  id: Uuid,
  status: z.enum(interactionStatuses.appointment),
  scheduled_at: Instant.nullable(),
  category: z.string().nullable(),
  ...timeFields,
});

const Complaint = z.strictObject({
  id: Uuid,
  status: z.enum(interactionStatuses.complaint),
  priority: z.string().nullable(),
  category: z.string().nullable(),
  notes: z.string(),
  order_id: z.string().nullable(),
  resolved_at: Instant.nullable(),
  ...timeFields,
});

export const OrderQuery = viewQuery(transactionStatuses);
export const OrderView = z.strictObject({
  /** Pending and completed orders; values less refunds, in the company's currency. */
  summary: z.strictObject({
    total_orders: z.int(),
    total_order_value: Money,
    average_order_value: Money,
    last_order_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(transactionStatuses),
  orders: z.array(Order),
  as_of: Instant,
});
export type OrderView = z.infer<typeof OrderView>;

export const ComplaintQuery = viewQuery(interactionStatuses.complaint);
export const ComplaintView = z.strictObject({
  /** Open includes in_progress, resolved includes closed. */
  summary: z.strictObject({
    total_complaints: z.int(),
    open_complaints: z.int(),
    resolved_complaints: z.int(),
    last_complaint_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(interactionStatuses.complaint),
  complaints: z.array(Complaint),
  as_of: Instant,
});
export type ComplaintView = z.infer<typeof ComplaintView>;

export const AppointmentQuery = viewQuery(interactionStatuses.appointment);
export const AppointmentView = z.strictObject({
  /** The date is scheduled_at, else occurred_at; cancelled appointments are included. */
  summary: z.strictObject({
    total_appointments: z.int(),
    cancelled_appointments: z.int(),
    last_appointment_date: Instant.nullable(),
  }),
  status_breakdown: breakdown(interactionStatuses.appointment),
  appointments: z.array(Appointment),
  as_of: Instant,
});
export type AppointmentView = z.infer<typeof AppointmentView>;
