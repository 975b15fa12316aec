import type { Service } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import type { ServiceClient } from '@clientela/http';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { startConsumer } from './amqp-consumer.ts';
import { amqpTransport } from './amqp-transport.ts';
import { httpTransport, selfTransport } from './http-transport.ts';
import { eventMetrics } from './metrics.ts';
import { broker } from './publish.ts';
import { startRelay, type Relay } from './relay.ts';
import { handlerRetries, deliveryRetries, type Retries } from './retries.ts';
import type { Subscription } from './subscribe.ts';

/** As the settings name them: with an address the events go through RabbitMQ, without one from service to service. */
export type EventSettings = { RABBITMQ_URL?: string | undefined; RABBITMQ_EXCHANGE: string };

export type Events = Relay & { metrics: Registry };

/**
 * Sends what this service says and hears what it listens to.
 * @param options.db opened with `eventPool(settings)`, so that what is published waits for the right transport
 * @param options.url this service's database, for the lock that decides which replica sends
 * @param options.subscribers the services that hear this one
 */
export function startEvents(options: {
  db: Db;
  url: string;
  service: Service;
  subscriptions: readonly Subscription[];
  subscribers: readonly ServiceClient[];
  settings: EventSettings;
  log: Logger;
  retries?: Retries;
  /** Milliseconds for the broker's confirm of a message. */
  confirm_within?: number;
}): Events {
  const { db, url, service, subscriptions, subscribers, log, retries } = options;
  const { RABBITMQ_URL, RABBITMQ_EXCHANGE: exchange } = options.settings;
  const relayWith = (transports: Parameters<typeof startRelay>[0]['transports']) =>
    startRelay({ db, url, service, transports, retries: retries ?? deliveryRetries, log });

  if (RABBITMQ_URL === undefined) {
    const others = subscribers.map((client) => httpTransport(db, service, client));
    const relay = relayWith([...others, selfTransport(db, service, subscriptions)]);
    return {
      ...relay,
      metrics: eventMetrics(
        db,
        service,
        subscribers.map((client) => client.service),
      ),
    };
  }

  const deadline = options.confirm_within === undefined ? {} : { deadline: options.confirm_within };
  const relay = relayWith([amqpTransport({ url: RABBITMQ_URL, exchange, service, log, ...deadline })]);
  const { committed } = relay;
  const consumer =
    subscriptions.length > 0
      ? startConsumer({
          url: RABBITMQ_URL,
          exchange,
          service,
          db,
          subscriptions,
          committed,
          retries: retries ?? handlerRetries,
          log,
        })
      : undefined;
  return {
    committed,
    metrics: eventMetrics(db, service, [broker]),
    stop: async () => {
      await Promise.all([consumer?.stop(), relay.stop()]);
    },
  };
}
