import { z } from 'zod';
import { defineEvent, fieldsChanged as fields_changed, followed } from './event-contract.ts';

// Events and internal calls of the customer service.

/** `user_id` is the linked user, if any, for subscribers that know the person by it. */
const customer = { customer_id: z.uuid(), number: z.int(), user_id: z.uuid().exactOptional() };

/** Most customers of one `customers.imported` event. */
const maxImportedCustomers = 1000;

/** User fields omitted from the new profile, because another customer has their value. */
const fields_left = z.array(z.string()).optional();
export const customerCreated = defineEvent(
  'customer.created',
  'customer_id',
  ['auth'],
  z.object({ ...customer, fields_left }),
);
export const customerUpdated = defineEvent(
  'customer.updated',
  'customer_id',
  ['auth'],
  z.object({ ...customer, fields_changed, fields_left, followed }),
);
export const customerDeleted = defineEvent(
  'customer.deleted',
  'customer_id',
  ['interaction', 'favorites', 'auth'],
  z.object({ ...customer, hard: z.boolean() }),
);
/** Published once per erased customer. The other services erase their rows by an internal call each, not by this event. */
export const customerErased = defineEvent('customer.erased', 'customer_id', ['auth'], z.object(customer));
/** The only event of activating a deleted record, with `deleted` as `from`; no `customer.updated` accompanies it. */
export const customerStatusChanged = defineEvent(
  'customer.status.changed',
  'customer_id',
  ['auth'],
  z.object({ ...customer, from: z.string(), to: z.string() }),
);
export const customerTagAdded = defineEvent(
  'customer.tag.added',
  'customer_id',
  ['auth'],
  z.object({ ...customer, tag_id: z.uuid() }),
);
export const customerTagRemoved = defineEvent(
  'customer.tag.removed',
  'customer_id',
  ['auth'],
  z.object({ ...customer, tag_id: z.uuid() }),
);
/** A note raises no version: `sequence` is the customer's current one. */
export const customerNoteAdded = defineEvent(
  'customer.note.added',
  'customer_id',
  ['auth'],
  z.object({ ...customer, note_id: z.uuid() }),
);
/** The events about a customer that lose `user_id` with an erasure, while they wait or have failed. `customer.erased`, the last one, keeps it. */
export const eventsBeforeErasure = [
  customerCreated,
  customerUpdated,
  customerDeleted,
  customerStatusChanged,
  customerTagAdded,
  customerTagRemoved,
  customerNoteAdded,
] as const;
/**
 * Published once per chunk of an import instead of the events of each customer; `sequence` is the last row of the chunk.
 * `skipped` and `failed` count records.
 */
export const customersImported = defineEvent(
  'customers.imported',
  'import_id',
  ['auth'],
  z.object({
    import_id: z.uuid(),
    created: z.array(z.uuid()).max(maxImportedCustomers),
    updated: z.array(z.uuid()).max(maxImportedCustomers),
    skipped: z.int(),
    failed: z.int(),
  }),
);

/** Published once per chunk of the undo of an import; `kept` counts its changes that stay, in part or whole. */
export const customersImportUndone = defineEvent(
  'customers.import.undone',
  'job_id',
  ['auth'],
  z.object({
    import_id: z.uuid(),
    job_id: z.uuid(),
    deleted: z.array(z.uuid()).max(maxImportedCustomers),
    reverted: z.array(z.uuid()).max(maxImportedCustomers),
    kept: z.int(),
  }),
);

/** Body of POST /api/customers/internal/create, sent by auth: the profile of a user with role customer. */
export type NewProfile = {
  user_id: string;
  business_id: string;
  email: string;
  full_name: string;
  phone?: string | null;
};

/** Response of GET /internal/customers/{id or number}. Includes deleted ones: they take no new records (409), unlike unknown ones (404). */
export const InternalCustomer = z.object({ id: z.uuid(), number: z.int(), deleted: z.boolean() });
export type InternalCustomer = z.infer<typeof InternalCustomer>;

/** Response of GET /api/customers/internal/user/{user_id}: the user's customer record, deleted or not; 404 without one. */
export const InternalProfile = z.object({
  customer: z.object({ id: z.uuid(), number: z.int(), status: z.string().exactOptional() }),
});
export type InternalProfile = z.infer<typeof InternalProfile>;

/** Response of GET /internal/users/{user_id}/changes, for auth only: what the person changed in its own record, with the time of each. */
export const OwnChanges = z.object({
  name: z
    .object({
      full_name: z.string().nullable(),
      firstname: z.string().nullable(),
      lastname: z.string().nullable(),
      changed_at: z.iso.datetime(),
    })
    .optional(),
  phone: z.object({ value: z.string().nullable(), changed_at: z.iso.datetime() }).optional(),
});
export type OwnChanges = z.infer<typeof OwnChanges>;

/**
 * Response of GET /internal/customers/{id}/timeline?before=<at>,<id>&limit=: the customer service's own timeline entries, newest first
 * by (at, id). At most `limit` (1 to 101) entries after the given position. 404 for an unknown customer, not for a deleted one.
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
