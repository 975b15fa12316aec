import { findEventContract, type Service } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import type { ServiceClient } from '@clientela/http';
import { isTransient, reasonOf } from './error-classification.ts';
import { broker } from './publish.ts';
import type { Delivery, Transport } from './relay.ts';
import { consume, type Subscription } from './subscribe.ts';

const beside = 4; // of different records; each takes a connection of the hearer's pool
const atOnce = 500; // rows of a statement

/** Hands events to one service: `POST /internal/events` on its own port. */
export const httpTransport = (db: Db, speaker: Service, client: ServiceClient): Transport => ({
  name: client.service,
  subscriber: client.service,
  at_once: beside,
  before: () => takeOver(db),
  send: async ({ envelope }, signal) => {
    const actor = {
      id: `service:${speaker}`,
      role: 'service' as const,
      company_id: envelope.company_id,
      session_id: null,
      client_ip: null,
      request_id: envelope.request_id,
    };
    const status = await client.post('/internal/events', envelope, { actor, signal });
    return status < 300 ? undefined : `answered ${status}`;
  },
});

/**
 * What was left for a broker that the settings name no longer becomes a delivery for each service that hears the event, in its place among
 * those that were written for them since. It is seen to before each look, and by an index: mostly there is nothing.
 */
async function takeOver(db: Db): Promise<void> {
  while (await leftForBroker(db).first(db.raw('1'))) await db.transaction((tx) => takeSome(tx));
}

const leftForBroker = (db: Db) => db('outbox_deliveries as d').where('d.subscriber', broker).whereNull('d.failed_at');

async function takeSome(tx: Tx): Promise<void> {
  const left = (await leftForBroker(tx)
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .select('d.event_id', 'd.aggregate', 'e.envelope')
    .orderBy('d.event_id')
    .limit(atOnce)
    .forUpdate('d')) as Pick<Delivery, 'event_id' | 'aggregate' | 'envelope'>[];
  const rows = left.flatMap(({ event_id, aggregate, envelope }) =>
    (findEventContract(envelope.name)?.subscribers ?? []).map((subscriber) => ({ event_id, subscriber, aggregate })),
  );
  if (rows.length > 0) await tx('outbox_deliveries').insert(rows).onConflict(['event_id', 'subscriber']).ignore();
  const ids = left.map(({ event_id }) => event_id);
  if (ids.length > 0) await tx('outbox_deliveries').where('subscriber', broker).whereIn('event_id', ids).delete();
}

/** Events that this service heard from a broker, could not do, and was told to do again after the settings had changed. */
export const selfTransport = (db: Db, service: Service, subscriptions: readonly Subscription[]): Transport => ({
  name: service,
  subscriber: service,
  at_once: 1,
  send: async ({ envelope }, signal) => {
    try {
      await consume(db, subscriptions, envelope, signal);
      return undefined;
    } catch (error) {
      if (isTransient(error)) throw error;
      return reasonOf(error);
    }
  },
});
