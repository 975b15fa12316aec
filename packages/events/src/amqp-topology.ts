import { events, services, type EventContract, type Service } from '@clientela/contracts';
import type { Channel, ChannelModel } from 'amqplib';

/** Where a service's events wait for it. */
export const queueOf = (exchange: string, service: string): string => `${exchange}.${service}`;
/** Where those end that the broker itself gives up. */
export const deadQueueOf = (exchange: string, service: string): string => `${queueOf(exchange, service)}.dead`;

// How often the broker hands out a message that is never answered, as when it ends the process each time. Every restart of a consumer
// or of the broker counts as well, so it is not few.
const deliveries = 50;
const endless = 1_000_000; // a message that has nowhere else to go is not given up

/** Every queue of the street by whom it belongs to, with what it is bound to. */
export function queueBindings(): { service: Service; names: string[] }[] {
  const said: EventContract[] = Object.values(events).flat();
  return services
    .map((service) => ({
      service,
      names: said.filter(({ subscribers: heard_by }) => heard_by.includes(service)).map(({ name }) => name),
    }))
    .filter(({ names }) => names.length > 0);
}

/**
 * Declares the exchange and everybody's queues; what is there already stays. Whoever connects does it, so that an event finds the queue
 * of a hearer that never ran yet.
 */
export async function declareTopology(channel: Channel, exchange: string): Promise<void> {
  const dead = `${exchange}.dead`;
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertExchange(dead, 'direct', { durable: true });
  for (const { service, names } of queueBindings()) {
    await channel.assertQueue(deadQueueOf(exchange, service), {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': endless },
    });
    await channel.bindQueue(deadQueueOf(exchange, service), dead, service);
    await channel.assertQueue(queueOf(exchange, service), {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': deliveries,
        // One replica at a time takes from it, as else the events of one record could overtake each other.
        'x-single-active-consumer': true,
        'x-dead-letter-exchange': dead,
        'x-dead-letter-routing-key': service,
        // Dead letters are kept until the other queue has them; the broker asks for the overflow setting with it.
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      },
    });
    for (const name of names) await channel.bindQueue(queueOf(exchange, service), exchange, name);
  }
}

const patience = 5000; // milliseconds until a connection must stand
const heartbeat = 10; // seconds; two missed ones end the connection

/** Opens a connection whose end is told by `ended`, whatever the reason. Its errors are heard: without a listener each ends the process. */
export async function openConnection(url: string, name: string): Promise<{ model: ChannelModel; ended: AbortSignal }> {
  const { connect } = await import('amqplib'); // most installations have no broker: only those with one load it
  const address = new URL(url);
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeat));
  const ended = new AbortController();
  const model = await connect(address.href, {
    timeout: patience,
    noDelay: true,
    keepAlive: true,
    clientProperties: { connection_name: `clientela ${name}` },
  });
  model.on('error', (error) => ended.abort(error));
  model.on('close', (error) => ended.abort(error ?? new Error('the connection to the broker was closed')));
  return { model, ended: ended.signal };
}

/** Hears a channel's errors, which are its end, and with it the connection's: the next one begins anew. */
export function closeWithChannel<C extends Channel>(channel: C, model: ChannelModel): C {
  const end = () => void model.close().catch(() => {});
  channel.on('error', end);
  channel.on('close', end);
  return channel;
}
