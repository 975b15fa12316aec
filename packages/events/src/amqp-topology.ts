import { events, services, type EventContract, type Service } from '@clientela/contracts';
import type { Channel, ChannelModel } from 'amqplib';

/** The queue that a service consumes. */
export const queueOf = (exchange: string, service: string): string => `${exchange}.${service}`;
/** The queue of messages that the broker dead-lettered for a service. */
export const deadQueueOf = (exchange: string, service: string): string => `${queueOf(exchange, service)}.dead`;

/** The exchange for deliveries to one service: routing key `<event>.<service>`. */
export const directExchangeOf = (exchange: string): string => `${exchange}.direct`;

/**
 * Whether a message was published under its event's name. The broker lets each service use its own names only, so another name in the
 * message is forged. The default exchange is closed to these users; other users, and messages of earlier versions, may come through it.
 */
export const isRoutedByName = (
  fields: { exchange: string; routingKey: string },
  event: string,
  { exchange, service }: { exchange: string; service: string },
): boolean =>
  fields.exchange === '' ||
  (fields.exchange === exchange && fields.routingKey === event) ||
  (fields.exchange === directExchangeOf(exchange) && fields.routingKey === `${event}.${service}`);

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

/** What exists at the broker. */
export type Topology = {
  exchanges: { name: string; type: 'topic' | 'direct' }[];
  queues: { name: string; arguments: Record<string, string | number | boolean> }[];
  bindings: { source: string; queue: string; routing_key: string }[];
};

export function topologyOf(exchange: string): Topology {
  const deadLetterExchange = `${exchange}.dead`;
  const topology: Topology = {
    exchanges: [
      { name: exchange, type: 'topic' },
      { name: directExchangeOf(exchange), type: 'topic' },
      { name: deadLetterExchange, type: 'direct' },
    ],
    queues: [],
    bindings: [],
  };
  for (const { service, names } of queueBindings()) {
    const [queue, deadQueue] = [queueOf(exchange, service), deadQueueOf(exchange, service)];
    const unboundedQueue = { 'x-queue-type': 'quorum', 'x-delivery-limit': unlimited };
    const eventQueue = {
      'x-queue-type': 'quorum',
      'x-delivery-limit': deliveryLimit,
      // Two consuming replicas could reorder the events of one aggregate.
      'x-single-active-consumer': true,
      'x-dead-letter-exchange': deadLetterExchange,
      'x-dead-letter-routing-key': service,
      // Keeps a dead letter until the other queue confirms it; this strategy requires the overflow setting.
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    };
    topology.queues.push({ name: deadQueue, arguments: unboundedQueue }, { name: queue, arguments: eventQueue });
    topology.bindings.push(
      { source: deadLetterExchange, queue: deadQueue, routing_key: service },
      { source: directExchangeOf(exchange), queue, routing_key: `#.${service}` },
      ...names.map((name) => ({ source: exchange, queue, routing_key: name })),
    );
  }
  return topology;
}

/**
 * Declares the exchanges and the queues of all services; existing ones stay. Every process declares the whole topology, so that an event
 * finds the queue of a subscriber that has never run. A user of the broker that may not declare relies on what an administrator declared.
 * Closes the connection when anything else fails.
 */
export async function declareTopology(model: ChannelModel, exchange: string): Promise<void> {
  const { exchanges, queues, bindings } = topologyOf(exchange);
  const channel = await model.createChannel();
  channel.on('error', () => {}); // the failed declaration rejects too
  try {
    for (const { name, type } of exchanges) await channel.assertExchange(name, type, { durable: true });
    for (const { name, arguments: options } of queues)
      await channel.assertQueue(name, { durable: true, arguments: options });
    for (const { source, queue, routing_key } of bindings) await channel.bindQueue(queue, source, routing_key);
    await channel.close();
  } catch (error) {
    if ((error as { code?: unknown }).code === accessRefused) return;
    void model.close().catch(() => {});
    throw error;
  }
}

const accessRefused = 403; // reply code of AMQP 0-9-1; the broker has closed the channel

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
