import { z } from 'zod';
import type { Service } from './permissions.ts';

/** What travels: who, when, which, and ids, numbers, states and names of fields in `data`; never a person's values. */
export const Envelope = z.object({
  id: z.uuid(),
  name: z.string(),
  occurred_at: z.iso.datetime(),
  company_id: z.uuid().nullable(),
  actor_id: z.string(),
  request_id: z.string(),
  /** The aggregate's version after the change: hearers of state ignore what is not newer than what they saw. */
  sequence: z.int(),
  data: z.record(z.string(), z.json()),
});
export type Envelope = z.infer<typeof Envelope>;

export type EventContract<Data extends z.ZodObject = z.ZodObject> = {
  name: string;
  /** The field of `data` that says which record changed: events of one record keep their order. */
  aggregate: string;
  /** Who must hear it: each gets a delivery of its own. */
  subscribers: readonly Service[];
  data: Data;
};

export type EventData<E extends EventContract> = z.infer<E['data']>;

const event = <Data extends z.ZodObject>(
  name: string,
  aggregate: keyof Data['shape'] & string,
  subscribers: readonly Service[],
  data: Data,
): EventContract<Data> => ({
  name,
  aggregate,
  subscribers: subscribers,
  data,
});

const customer = { customer_id: z.uuid(), number: z.int() };
const fields_changed = z.array(z.string());

export const userRegistered = event(
  'user.registered',
  'user_id',
  ['customer'],
  z.object({ user_id: z.uuid(), role: z.string() }),
);
export const userUpdated = event(
  'user.updated',
  'user_id',
  ['customer'],
  z.object({ user_id: z.uuid(), fields_changed }),
);
export const userDeleted = event('user.deleted', 'user_id', [], z.object({ user_id: z.uuid(), hard: z.boolean() }));
/** Once for whatever ended a user's sessions, with how many there were. */
export const sessionRevoked = event(
  'session.revoked',
  'user_id',
  [],
  z.object({ user_id: z.uuid(), sessions: z.int() }),
);

export const companyUpdated = event(
  'company.updated',
  'company_id',
  [],
  z.object({ company_id: z.uuid(), fields_changed }),
);
export const companyStatusChanged = event(
  'company.status.changed',
  'company_id',
  [],
  z.object({ company_id: z.uuid(), from: z.string(), to: z.string() }),
);

/** Of a profile made for a user: what of the user was left out because another record holds it. */
const fields_left = z.array(z.string()).optional();
export const customerCreated = event(
  'customer.created',
  'customer_id',
  ['auth'],
  z.object({ ...customer, fields_left }),
);
export const customerUpdated = event(
  'customer.updated',
  'customer_id',
  ['auth'],
  z.object({ ...customer, fields_changed, fields_left }),
);
export const customerDeleted = event(
  'customer.deleted',
  'customer_id',
  ['interaction', 'favorites', 'auth'],
  z.object({ ...customer, hard: z.boolean() }),
);
/** Said once for a customer of whom an erasure leaves nothing; the services that hold rows of it are asked to erase them, one by one. */
export const customerErased = event('customer.erased', 'customer_id', ['auth'], z.object(customer));
/** `activate` of a deleted record is this one event, with `deleted` as `from`: it has no `customer.updated` beside it. */
export const customerStatusChanged = event(
  'customer.status.changed',
  'customer_id',
  ['auth'],
  z.object({ ...customer, from: z.string(), to: z.string() }),
);
export const customerTagAdded = event(
  'customer.tag.added',
  'customer_id',
  ['auth'],
  z.object({ ...customer, tag_id: z.uuid() }),
);
export const customerTagRemoved = event(
  'customer.tag.removed',
  'customer_id',
  ['auth'],
  z.object({ ...customer, tag_id: z.uuid() }),
);
/** A note raises no version: `sequence` is the one that the customer had. */
export const customerNoteAdded = event(
  'customer.note.added',
  'customer_id',
  ['auth'],
  z.object({ ...customer, note_id: z.uuid() }),
);

/** Once for a whole import, beside what it did to each customer. */
export const customersImported = event(
  'customers.imported',
  'import_id',
  ['auth'],
  z.object({ import_id: z.uuid(), created: z.int(), updated: z.int(), skipped: z.int(), failed: z.int() }),
);

const product = { product_id: z.uuid(), number: z.int() };
export const productCreated = event('product.created', 'product_id', ['auth'], z.object(product));
export const productUpdated = event(
  'product.updated',
  'product_id',
  ['auth'],
  z.object({ ...product, fields_changed }),
);
export const productDeleted = event(
  'product.deleted',
  'product_id',
  ['auth'],
  z.object({ ...product, hard: z.boolean() }),
);

/**
 * How often what its counters count had changed when this was said: whoever counts the customer at this number or a later one has it
 * counted already. Absent from what was said before there was such a number.
 */
const customer_changes = z.int().optional();

/** What of an interaction a customer's counters count by: what is scheduled counts for when it is scheduled. */
const interactionState = {
  type: z.string(),
  status: z.string().nullable(),
  occurred_at: z.iso.datetime(),
  scheduled_at: z.iso.datetime().nullable(),
};
const interaction = { interaction_id: z.uuid(), customer_id: z.uuid(), customer_changes };
export const interactionRecorded = event(
  'interaction.recorded',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, ...interactionState }),
);
export const interactionUpdated = event(
  'interaction.updated',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, fields_changed, from: z.object(interactionState), to: z.object(interactionState) }),
);
/** By a door of its own. Those that go with their customer are not said one by one: `customer.deleted` says it. */
export const interactionDeleted = event(
  'interaction.deleted',
  'interaction_id',
  ['auth', 'customer'],
  z.object({ ...interaction, ...interactionState }),
);

/** What of a transaction can change and is counted by; an amount is a decimal with two places. */
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
export const transactionRecorded = event(
  'transaction.recorded',
  'transaction_id',
  ['auth', 'customer'],
  z.object({ ...transaction, ...transactionState }),
);
export const transactionUpdated = event(
  'transaction.updated',
  'transaction_id',
  ['auth', 'customer'],
  z.object({ ...transaction, fields_changed, from: z.object(transactionState), to: z.object(transactionState) }),
);

const favorite = { favorite_id: z.int(), customer_number: z.int(), product_number: z.int() };
export const favoriteAdded = event('favorite.added', 'favorite_id', ['auth'], z.object(favorite));
/** Those that go with a removed customer are told by `customer.deleted`. */
export const favoriteRemoved = event('favorite.removed', 'favorite_id', ['auth'], z.object(favorite));

/** Every event there is, by the service that says it. */
export const events = {
  auth: [userRegistered, userUpdated, userDeleted, sessionRevoked, companyUpdated, companyStatusChanged],
  customer: [
    customerCreated,
    customerUpdated,
    customerDeleted,
    customerErased,
    customerStatusChanged,
    customerTagAdded,
    customerTagRemoved,
    customerNoteAdded,
    customersImported,
  ],
  interaction: [interactionRecorded, interactionUpdated, interactionDeleted, transactionRecorded, transactionUpdated],
  product: [productCreated, productUpdated, productDeleted],
  favorites: [favoriteAdded, favoriteRemoved],
} as const satisfies Record<Service, readonly EventContract[]>;

const byName = new Map<string, EventContract>(
  Object.values(events)
    .flat()
    .map((contract) => [contract.name, contract]),
);

/** The contract of an event, by its name. */
export const findEventContract = (name: string): EventContract | undefined => byName.get(name);
