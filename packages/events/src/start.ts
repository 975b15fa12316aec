import { subscribersOf, type Service, type SubscriberOf } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import type { ServiceClient } from '@clientela/http';
import type { Metrics } from '@clientela/runtime';
import type { Logger } from 'pino';
import { startConsumer } from './amqp-consumer.ts';
import { amqpTransport } from './amqp-transport.ts';
import { httpTransport, selfTransport } from './http-transport.ts';
import { eventMetrics } from './metrics.ts';
import { brokerSubscriber } from './publish.ts';
import { startRelay, type Relay } from './relay.ts';
import { handlerRetries, deliveryRetries, type Retries } from './retries.ts';
import type { Subscription } from './subscribe.ts';

/** Selects the transport: the broker with a RabbitMQ URL, else HTTP from service to service. */
export type EventSettings = { RABBITMQ_URL?: string | undefined; RABBITMQ_EXCHANGE: string };

export type Events = Relay & { metrics: Metrics };

/**
 * Starts delivering this service's events and consuming those it subscribes to.
 * @param options.db the pool that publishes, opened with `outboxPoolOptions(settings)`: its transactions write deliveries for the
 * configured transport, and their commits wake the relay
 * @param options.url this service's database, for the leader lock of the relay
 * @param options.client creates the client of a service that subscribes to this one; undefined for one that is not running (in tests)
 */
export function startEvents<Publisher extends Service>(options: {
  db: Db;
  url: string;
  service: Publisher;
  subscriptions: readonly Subscription[];
  client: (service: SubscriberOf<Publisher>) => ServiceClient | undefined;
  settings: EventSettings;
  log: Logger;
  retries?: Retries;
  /** Milliseconds for the broker's confirm of a message. */
  confirmTimeout?: number;
  /** Milliseconds in which messages of the broker that are handled together must be done. */
  arrayTimeout?: number;
}): Events {
  const { db, url, service, subscriptions, log, retries, confirmTimeout, arrayTimeout } = options;
  const { RABBITMQ_URL, RABBITMQ_EXCHANGE: exchange } = options.settings;
  const relayWith = (transports: Parameters<typeof startRelay>[0]['transports']) =>
    startRelay({ db, url, service, transports, retries: retries ?? deliveryRetries, log });

  if (RABBITMQ_URL === undefined) {
    const clients = subscribersOf(service).flatMap((subscriber) => options.client(subscriber) ?? []);
    const transports = clients.map((client) => httpTransport(db, service, client));
    const relay = relayWith([...transports, selfTransport(db, service, subscriptions)]);
    return {
      ...relay,
      metrics: eventMetrics(
        db,
        service,
        clients.map((client) => client.service),
      ),
    };
  }

  const broker = { url: RABBITMQ_URL, exchange, service, log };
  const relay = relayWith([
    amqpTransport({ ...broker, ...(confirmTimeout !== undefined && { confirmTimeout }) }),
    selfTransport(db, service, subscriptions),
  ]);
  const consumer =
    subscriptions.length > 0
      ? startConsumer({
          ...broker,
          db,
          subscriptions,
          retries: retries ?? handlerRetries,
          ...(arrayTimeout !== undefined && { arrayTimeout }),
        })
      : undefined;
  return {
    metrics: eventMetrics(db, service, [brokerSubscriber]),
    stop: async () => {
      await Promise.all([consumer?.stop(), relay.stop()]);
    },
  };
}
