import { z } from 'zod';
import { roles, services } from './permissions.ts';

// What services answer each other on their internal routes.

/** GET auth /internal/companies/{id or COMP key} */
export const InternalCompany = z.object({
  id: z.uuid(),
  company_id: z.string(),
  status: z.enum(['active', 'inactive', 'suspended']),
  country: z.string(),
  currency: z.string(),
});
export type InternalCompany = z.infer<typeof InternalCompany>;

/** GET auth /internal/users/{id}, for the customer service alone: events say which fields changed, and this says to what. */
export const InternalUser = z.object({
  id: z.uuid(),
  active: z.boolean(),
  role: z.enum(roles),
  business_id: z.uuid().nullable(),
  name: z.string(),
  first_name: z.string(),
  last_name: z.string().nullable(),
  email: z.string(),
  phone: z.string().nullable(),
});
export type InternalUser = z.infer<typeof InternalUser>;

/** POST customer /api/customers/internal/create, by auth: the profile of a user who is a customer. */
export type NewProfile = {
  user_id: string;
  business_id: string;
  email: string;
  full_name: string;
  phone?: string | null;
};

/** GET customer /internal/customers/{id or number}: deleted ones too, as they take no new records (409), unlike unknown ones (404). */
export const InternalCustomer = z.object({ id: z.uuid(), number: z.int(), deleted: z.boolean() });
export type InternalCustomer = z.infer<typeof InternalCustomer>;

/** GET customer /api/customers/internal/user/{user_id}: the customer that a user is, a deleted one too; 404 when it is none. */
export const InternalProfile = z.object({ customer: z.object({ id: z.uuid(), number: z.int() }) });
export type InternalProfile = z.infer<typeof InternalProfile>;

/** GET product /internal/products/{id or number} */
export const InternalProduct = z.object({ id: z.uuid(), number: z.int(), is_active: z.boolean() });
export type InternalProduct = z.infer<typeof InternalProduct>;

/**
 * GET customer /internal/customers/{id}/timeline?before=<at>,<id>&limit=: what the customer service knows of a customer's timeline, newest
 * first by (at, id), at most `limit` (1 to 101) of those that stand before the given place. 404 for an unknown customer; deleted ones have it.
 */
export const InternalTimeline = z.object({
  items: z.array(
    z.discriminatedUnion('kind', [
      z.object({
        kind: z.literal('note'),
        id: z.uuid(),
        at: z.iso.datetime(),
        actor_id: z.string(),
        content: z.string(),
      }),
      z.object({
        kind: z.literal('status_change'),
        id: z.uuid(),
        at: z.iso.datetime(),
        actor_id: z.string(),
        from: z.string(),
        to: z.string(),
        reason: z.string().nullable(),
      }),
    ]),
  ),
});
export type InternalTimeline = z.infer<typeof InternalTimeline>;

const amountOfAll = z.string().regex(/^-?\d{1,28}\.\d{2}$/);
const from0 = z.int().min(0);
const at = z.iso.datetime().nullable();

/** What everything that was recorded of a customer comes to: what its counters hold when all is heard. */
export const CustomerTotals = z.object({
  customer_id: z.uuid(),
  /** How often what is counted has changed; 0 also of a customer of whom nothing is known. Of two answers the higher one is the later. */
  changes: from0,
  total_orders: from0,
  total_appointments: from0,
  total_complaints: from0,
  open_complaints: from0,
  first_order_date: at,
  last_order_date: at,
  first_appointment_date: at,
  last_appointment_date: at,
  last_complaint_date: at,
  returned_orders: from0,
  cancelled_appointments: from0,
  /** In `currency`, the company's; what was spent in others stands in `by_currency`. */
  lifetime_value: amountOfAll,
  currency: z.string(),
  by_currency: z.record(z.string(), amountOfAll),
});
export type CustomerTotals = z.infer<typeof CustomerTotals>;

/** GET interaction /internal/customers/totals?customer_id=…&customer_id=…, for the customer service alone: of 1 to 100 customers, as asked. */
export const InternalTotals = z.object({ totals: z.array(CustomerTotals) });

/** An event that did not get through, at the side where it failed. */
export const FailedEvent = z.object({
  /** Of the event: one that failed at several subscribers is there several times. */
  id: z.uuid(),
  name: z.string(),
  occurred_at: z.iso.datetime(),
  business_id: z.uuid().nullable(),
  sequence: z.int(),
  data: z.record(z.string(), z.json()),
  /** Who keeps it: the speaker, or the hearer that could not do it. */
  service: z.enum(services),
  /** Who did not take it: a service, or `broker`. */
  subscriber: z.string(),
  attempts: z.int(),
  reason: z.string(),
  failed_at: z.iso.datetime(),
});
export type FailedEvent = z.infer<typeof FailedEvent>;

/** GET every service /internal/events/failed, for auth alone */
export const FailedEvents = z.object({ events: z.array(FailedEvent) });

/** GET auth /internal/revocations: whose tokens are good no longer, though they verify. */
export const Revocations = z.object({
  /** The `since` of the next question, less what a transaction may take. */
  as_of: z.iso.datetime(),
  /** Ended sessions, each until its last token has expired. */
  sessions: z.array(z.object({ sid: z.uuid(), until: z.iso.datetime() })),
  companies: z.array(z.object({ id: z.uuid(), active: z.boolean() })),
  /** There was more than an answer holds. */
  truncated: z.literal(true).optional(),
});
export type Revocations = z.infer<typeof Revocations>;

// What the customer service asks about one customer, at whichever services know its orders, complaints and appointments:
// GET {url}/internal/customers/{id}/orders?limit=10&status=… and the like, newest first. A company may point these at a service of its
// own, so that only what is promised onwards is held against a shape; the records themselves pass through.

const count = z.int().min(0);
const amount = z.string().regex(/^-?\d{1,15}\.\d{2}$/);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const breakdown = z.record(z.string().max(50), count).refine((statuses) => Object.keys(statuses).length <= 100);

const most = 100; // records in an answer
const largest = 16 * 1024; // characters of one as JSON
const records = z
  .array(z.record(z.string(), z.json()).refine((record) => JSON.stringify(record).length <= largest))
  .max(most);

export const CustomerOrders = z.object({
  summary: z.object({
    total_orders: count,
    total_order_value: amount,
    average_order_value: amount,
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

/** Whose data is exported or erased: a customer of a company, that company's user, or both in one. */
export const Person = z.strictObject({
  company_id: z.uuid(),
  customer_id: z.uuid().nullable(),
  customer_number: z.int().nullable(),
  user_id: z.uuid().nullable(),
});
export type Person = z.infer<typeof Person>;

/** The parts of an export, each with the service that answers for it. */
export const exportSections = {
  customer: ['customer', 'tags', 'notes', 'history'],
  interaction: ['interactions', 'transactions'],
  favorites: ['favorites'],
  auth: ['user', 'sessions', 'audit'],
  product: [],
} as const satisfies Record<(typeof services)[number], readonly string[]>;

/** POST /internal/privacy/export `{ person, section, after? }`, for the customer service alone: at most 1,000 rows, and where they go on. */
export const ExportedRows = z.object({
  rows: z.array(z.record(z.string(), z.json())),
  next: z.string().nullable(),
});
export type ExportedRows = z.infer<typeof ExportedRows>;

const touched = { table: z.string(), rows: z.int(), columns: z.array(z.string()) };

/** POST /internal/privacy/erasures `{ request_id, person }`, for the customer service alone: what one service did, the same however often it is asked. */
export const ErasureReport = z.object({
  service: z.enum(services),
  done_at: z.iso.datetime(),
  /** Rows that are gone. */
  erased: z.array(z.object(touched)),
  /** Rows that stay without the person. */
  anonymised: z.array(z.object({ ...touched, why: z.string() })),
  /** What still refers to the person, and why. */
  kept: z.array(z.object({ ...touched, why: z.string() })),
});
export type ErasureReport = z.infer<typeof ErasureReport>;

/** What an erasure came to; without a value of the person. */
export const ErasureReceipt = z.object({
  request_id: z.uuid(),
  company_id: z.uuid(),
  customer_id: z.uuid().nullable(),
  user_id: z.uuid().nullable(),
  requested_at: z.iso.datetime(),
  done_at: z.iso.datetime(),
  services: z.array(ErasureReport),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;

/** POST auth /internal/receipts with an `ErasureReceipt`, for the customer service alone: the receipt as a JWS (RFC 7515, compact). */
export const SignedReceipt = z.object({ jws: z.string() });
export type SignedReceipt = z.infer<typeof SignedReceipt>;
