import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEventContract } from '@clientela/contracts';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Logger } from 'pino';
import { openConnection, declareTopology, closeWithChannel, queueOf } from './amqp-topology.ts';
import { broker } from './publish.ts';
import type { Delivery, Transport } from './relay.ts';

type Link = {
  channel: ConfirmChannel;
  model: ChannelModel;
  ended: AbortSignal;
  /** Undefined while the broker takes messages, else settled when it does again. */
  blocked: PromiseWithResolvers<void> | undefined;
  /** While queues are made again. */
  repair: Promise<void> | undefined;
  /** What came back because no queue takes it; told before its confirm. */
  returned: Set<string>;
};

/**
 * Hands events to RabbitMQ. A delivery is done when the broker has confirmed that a queue has it on disk; the confirms of a batch are
 * awaited together. Deliveries that were written for services before there was a broker go into their queues directly.
 * @param options.deadline milliseconds for a confirm
 */
export function amqpTransport(options: {
  url: string;
  exchange: string;
  service: string;
  log: Logger;
  deadline?: number;
}): Transport {
  const { url, exchange, service, log, deadline = 5000 } = options;
  let link: Promise<Link> | undefined;

  function open(): Promise<Link> {
    if (link) return link;
    const opening = openLink();
    const forget = () => {
      if (link === opening) link = undefined;
    };
    link = opening;
    void opening.then(({ ended }) => (ended.aborted ? forget() : ended.addEventListener('abort', forget)), forget);
    return opening;
  }

  async function openLink(): Promise<Link> {
    const { model, ended } = await openConnection(url, `${service} relay`);
    setMaxListeners(0, ended);
    const channel = closeWithChannel(await model.createConfirmChannel(), model);
    await declareTopology(channel, exchange);
    const found: Link = { channel, model, ended, blocked: undefined, repair: undefined, returned: new Set() };
    model.on('blocked', (reason) => {
      log.warn({ fault: reason }, 'the broker takes no messages for now');
      found.blocked ??= Promise.withResolvers();
    });
    model.on('unblocked', () => {
      found.blocked?.resolve();
      found.blocked = undefined;
    });
    channel.on('return', ({ properties, fields }) => {
      found.returned.add(`${properties.messageId} ${fields.routingKey}`);
      // Queues that somebody removed are made again, all of them before anything is sent: one alone would do for the broker.
      found.repair ??= declareTopology(channel, exchange)
        .catch(() => {})
        .finally(() => (found.repair = undefined));
    });
    return found;
  }

  async function send({ subscriber, envelope }: Delivery, signal: AbortSignal): Promise<string | undefined> {
    const found = await open();
    if (found.blocked) await orEnd(found.blocked.promise, AbortSignal.any([signal, found.ended]));
    await found.repair;
    const all = subscriber === broker;
    const key = all ? envelope.name : queueOf(exchange, subscriber);
    const { channel, returned, model } = found;
    setMaxListeners(0, signal);
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      const timer = setTimeout(() => {
        reject(new Error(`the broker did not confirm within ${deadline} ms`));
        // It says so when it is blocked, and may go on; otherwise nobody knows what this connection is worth.
        if (!found.blocked) {
          link = undefined;
          void model.close().catch(() => {});
        }
      }, deadline);
      const confirmed = (error: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        const back = returned.delete(`${envelope.id} ${key}`);
        if (error instanceof Error) reject(error);
        else resolve(back ? 'no queue takes it' : undefined);
      };
      try {
        channel.publish(
          all ? exchange : '',
          key,
          Buffer.from(JSON.stringify(envelope)),
          {
            messageId: envelope.id,
            type: envelope.name,
            timestamp: Math.floor(Date.parse(envelope.occurred_at) / 1000),
            contentType: 'application/json',
            appId: service,
            persistent: true,
            // Confirmed means nothing of a message that no queue took. What none of ours hears may well have no queue.
            mandatory: !all || (findEventContract(envelope.name)?.subscribers ?? []).length > 0,
          },
          confirmed,
        );
      } catch (error) {
        confirmed(error); // the channel was closed in between
      }
    });
  }

  return {
    name: broker,
    at_once: 100,
    send,
    close: async () => {
      const found = await link?.catch(() => undefined);
      link = undefined;
      await Promise.race([found?.model.close().catch(() => {}), sleep(1000, undefined, { ref: false })]);
    },
  };
}

/** Waits for something, but no longer than until the signal says that it is over. */
function orEnd(promise: Promise<void>, end: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = () => reject(end.reason as Error);
    if (end.aborted) return over();
    end.addEventListener('abort', over, { once: true });
    void promise.then(() => {
      end.removeEventListener('abort', over);
      resolve();
    });
  });
}
