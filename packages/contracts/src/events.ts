import { z } from 'zod';
import * as auth from './auth.ts';
import * as customer from './customer.ts';
import type { EventContract } from './event-contract.ts';
import * as favorites from './favorites.ts';
import * as interaction from './interaction.ts';
import * as product from './product.ts';
import { services, type Service } from './permissions.ts';

/** The event catalogue: every event, by its publisher. */
export const events = {
  auth: [
    auth.userRegistered,
    auth.userUpdated,
    auth.userDeleted,
    auth.sessionRevoked,
    auth.companyUpdated,
    auth.companyStatusChanged,
  ],
  customer: [
    customer.customerCreated,
    customer.customerUpdated,
    customer.customerDeleted,
    customer.customerErased,
    customer.customerStatusChanged,
    customer.customerTagAdded,
    customer.customerTagRemoved,
    customer.customerNoteAdded,
    customer.customersImported,
    customer.customersImportUndone,
  ],
  interaction: [
    interaction.interactionRecorded,
    interaction.interactionUpdated,
    interaction.interactionDeleted,
    interaction.transactionRecorded,
    interaction.transactionUpdated,
  ],
  product: [product.productCreated, product.productUpdated, product.productDeleted],
  favorites: [favorites.favoriteAdded, favorites.favoriteRemoved],
} as const satisfies Record<Service, readonly EventContract[]>;

/** The services that subscribe to any event of a publisher. */
export type SubscriberOf<Publisher extends Service> = (typeof events)[Publisher][number]['subscribers'][number];

export const subscribersOf = <Publisher extends Service>(publisher: Publisher): SubscriberOf<Publisher>[] => [
  ...new Set(events[publisher].flatMap(({ subscribers }): SubscriberOf<Publisher>[] => [...subscribers])),
];

const byName = new Map<string, EventContract>(
  Object.values(events)
    .flat()
    .map((contract) => [contract.name, contract]),
);

const publishers = new Map<string, Service>(
  services.flatMap((service) => events[service].map(({ name }) => [name, service] as const)),
);

/** The one service that publishes an event of this name. */
export const findPublisher = (name: string): Service | undefined => publishers.get(name);

export const findEventContract = (name: string): EventContract | undefined => byName.get(name);

/** A dead letter, as the service that keeps it reports it. */
export const FailedEvent = z.object({
  /** The event's id. One that failed at several subscribers is listed several times. */
  id: z.uuid(),
  name: z.string(),
  occurred_at: z.iso.datetime(),
  business_id: z.uuid().nullable(),
  sequence: z.int(),
  data: z.record(z.string(), z.json()),
  /** Where the dead letter is stored: at the publisher, or at the subscriber whose handler failed. */
  service: z.enum(services),
  /** Where it failed: a service, or `broker`. */
  subscriber: z.string(),
  attempts: z.int(),
  reason: z.string(),
  failed_at: z.iso.datetime(),
});
export type FailedEvent = z.infer<typeof FailedEvent>;

/** Response of GET /internal/events/failed at every service, for auth only. */
export const FailedEvents = z.object({ events: z.array(FailedEvent) });
