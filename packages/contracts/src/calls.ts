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

/** GET product /internal/products/{id or number} */
export const InternalProduct = z.object({ id: z.uuid(), number: z.int(), is_active: z.boolean() });
export type InternalProduct = z.infer<typeof InternalProduct>;

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
