import { findEventContract, type Envelope, type Service } from '@clientela/contracts';
import { execute, type Db, type NamedStatement, type Tx } from '@clientela/db';
import type { ServiceClient } from '@clientela/http';
import { isTransient, reasonOf } from './error-classification.ts';
import { brokerSubscriber } from './publish.ts';
import type { Delivery, Transport } from './relay.ts';
import { measureEffect } from './metrics.ts';
import { consume, type Subscription } from './subscribe.ts';
import { traceEvents } from './trace-events.ts';
import { wakeRelayAfterCommit } from './wake-relay.ts';

const maxConcurrentAggregates = 4; // each takes a connection of the subscriber's pool
const reassignBatch = 500; // rows of a statement

/** Delivers events to one service: `POST /internal/events` on its own port, an event or an array of events. */
export const httpTransport = (db: Db, publisher: Service, client: ServiceClient): Transport => ({
  name: client.service,
  system: 'http',
  subscriber: client.service,
  maxConcurrentAggregates,
  beforePoll: () => reassignBrokerDeliveries(db),
  send: async ({ envelope }, signal) => {
    const status = await client.post(path, envelope, { actor: actorOf(publisher, envelope), signal });
    return status < 300 ? undefined : `responded ${status}`;
  },
  sendArray: async (deliveries, signal) => {
    const envelopes = deliveries.map(({ envelope }) => envelope);
    const [first] = envelopes;
    if (!first) return 'confirmed';
    // A service of the version before arrays rejects them.
    const actor = { ...actorOf(publisher, first), company_id: null }; // its events may be of several companies
    const status = await client.post(path, envelopes, { actor, signal });
    return status < 300 ? 'confirmed' : 'rejected';
  },
});

const path = '/internal/events';

const actorOf = (publisher: Service, { company_id, request_id }: Envelope) => ({
  id: `service:${publisher}`,
  role: 'service' as const,
  company_id,
  session_id: null,
  client_ip: null,
  request_id,
});

const findBrokerDelivery: NamedStatement = {
  name: 'find_broker_delivery',
  text: 'select event_id from outbox_deliveries where subscriber = $1 and failed_at is null limit 1',
};

/**
 * Replaces deliveries for a broker that is no longer configured by one delivery per subscribing service, in the order of their events.
 * Processes of the other setting may still write some; an index makes it cheap when there are none.
 */
async function reassignBrokerDeliveries(db: Db): Promise<void> {
  while ((await execute(db, findBrokerDelivery, [brokerSubscriber])).length > 0)
    await db.transaction((tx) => reassignOneBatch(tx));
}

const brokerDeliveries = (db: Db) =>
  db('outbox_deliveries as d').where('d.subscriber', brokerSubscriber).whereNull('d.failed_at');

async function reassignOneBatch(tx: Tx): Promise<void> {
  const deliveries = (await brokerDeliveries(tx)
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .select('d.event_id', 'd.aggregate', 'e.envelope')
    .orderBy('d.event_id')
    .limit(reassignBatch)
    .forUpdate('d')) as Pick<Delivery, 'event_id' | 'aggregate' | 'envelope'>[];
  const rows = deliveries.flatMap(({ event_id, aggregate, envelope }) =>
    (findEventContract(envelope.name)?.subscribers ?? []).map((subscriber) => ({ event_id, subscriber, aggregate })),
  );
  if (rows.length > 0) await tx('outbox_deliveries').insert(rows).onConflict(['event_id', 'subscriber']).ignore();
  wakeRelayAfterCommit(
    tx,
    rows.map(({ subscriber }) => subscriber),
  );
  const ids = deliveries.map(({ event_id }) => event_id);
  if (ids.length > 0)
    await tx('outbox_deliveries').where('subscriber', brokerSubscriber).whereIn('event_id', ids).delete();
}

/** Delivers resent dead letters to this service's own handlers. */
export const selfTransport = (db: Db, service: Service, subscriptions: readonly Subscription[]): Transport => ({
  name: service,
  system: 'local',
  subscriber: service,
  maxConcurrentAggregates: 1,
  send: async ({ envelope }, signal) => {
    try {
      const handle = () => consume(db, subscriptions, [envelope], signal);
      for (const event of await traceEvents([envelope], 'local', handle)) measureEffect(event, service);
      return undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      return reasonOf(error);
    }
  },
});
