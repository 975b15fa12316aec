import { events, services, type EventContract, type Service } from '@clientela/contracts';
import type { Channel, ChannelModel } from 'amqplib';

/** The queue that a service consumes. */
export const queueOf = (exchange: string, service: string): string => `${exchange}.${service}`;
/** The queue of messages that the broker dead-lettered for a service. */
export const deadQueueOf = (exchange: string, service: string): string => `${queueOf(exchange, service)}.dead`;

// Deliveries of a message that is never acknowledged, for example because it crashes the consumer. Restarts of consumers and of the
// broker count too, so the limit is generous.
const deliveryLimit = 50;
const unlimited = 1_000_000; // redeliveries: a dead-letter queue must never drop a message

/** Returns each subscribing service with the events that its queue is bound to. */
export function queueBindings(): { service: Service; names: string[] }[] {
  const contracts: EventContract[] = Object.values(events).flat();
  return services
    .map((service) => ({
      service,
      names: contracts.filter(({ subscribers }) => subscribers.includes(service)).map(({ name }) => name),
    }))
    .filter(({ names }) => names.length > 0);
}

/**
 * Declares the exchange and the queues of all services; existing ones stay. Every process declares the whole topology, so that an event
 * finds the queue of a subscriber that has never run.
 */
export async function declareTopology(channel: Channel, exchange: string): Promise<void> {
  const deadLetterExchange = `${exchange}.dead`;
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertExchange(deadLetterExchange, 'direct', { durable: true });
  for (const { service, names } of queueBindings()) {
    await channel.assertQueue(deadQueueOf(exchange, service), {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': unlimited },
    });
    await channel.bindQueue(deadQueueOf(exchange, service), deadLetterExchange, service);
    await channel.assertQueue(queueOf(exchange, service), {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': deliveryLimit,
        // Two consuming replicas could reorder the events of one aggregate.
        'x-single-active-consumer': true,
        'x-dead-letter-exchange': deadLetterExchange,
        'x-dead-letter-routing-key': service,
        // Keeps a dead letter until the other queue confirms it; this strategy requires the overflow setting.
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    for (const name of names) await channel.bindQueue(queueOf(exchange, service), exchange, name);
  }
}

const connectTimeout = 5000; // milliseconds
const heartbeat = 10; // seconds; two missed heartbeats end the connection

/** Opens a connection; `closed` aborts when it ends for any reason. The listeners keep an `error` event from ending the process. */
export async function openConnection(url: string, name: string): Promise<{ model: ChannelModel; closed: AbortSignal }> {
  const { connect } = await import('amqplib'); // loaded only by installations with a broker
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeat));
  const closed = new AbortController();
  const model = await connect(address.href, {
    timeout: connectTimeout,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: `clientela ${name}` },
  });
  model.on('error', (error) => closed.abort(error));
  model.on('close', (error) => closed.abort(error ?? new Error('The connection to the broker was closed')));
  return { model, closed: closed.signal };
}

/** Closes the whole connection when a channel ends, so that reconnecting restores both. */
export function closeWithChannel<C extends Channel>(channel: C, model: ChannelModel): C {
  const close = () => void model.close().catch(() => {});
  channel.on('error', close);
  channel.on('close', close);
  return channel;
}
