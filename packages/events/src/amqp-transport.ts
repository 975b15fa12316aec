import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEventContract } from '@clientela/contracts';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import type { Logger } from 'pino';
import { openConnection, declareTopology, closeWithChannel, directExchangeOf } from './amqp-topology.ts';
import { brokerSubscriber } from './publish.ts';
import type { Delivery, Transport } from './relay.ts';

type BrokerConnection = {
  channel: ConfirmChannel;
  model: ChannelModel;
  closed: AbortSignal;
  /** Set while the broker blocks publishers; resolves when it unblocks them. */
  blocked: PromiseWithResolvers<void> | undefined;
  /** Set while deleted queues are declared again. */
  redeclaring: Promise<void> | undefined;
  /** Unroutable messages, which the broker returns before it confirms them. */
  returned: Set<string>;
};

/**
 * Publishes events to RabbitMQ. A delivery is done when the broker confirms that a queue has it on disk; the confirms of a batch are
 * awaited together. Deliveries to services, written before a broker was configured, go to their queues only.
 * @param options.confirmTimeout milliseconds for a confirm
 */
export function amqpTransport(options: {
  url: string;
  exchange: string;
  service: string;
  log: Logger;
  confirmTimeout?: number;
}): Transport {
  const { url, exchange, service, log, confirmTimeout = 5000 } = options;
  let connection: Promise<BrokerConnection> | undefined;

  function connect(): Promise<BrokerConnection> {
    if (connection) return connection;
    const opening = open();
    const forget = () => {
      if (connection === opening) connection = undefined;
    };
    connection = opening;
    void opening.then(({ closed }) => (closed.aborted ? forget() : closed.addEventListener('abort', forget)), forget);
    return opening;
  }

  async function open(): Promise<BrokerConnection> {
    const { model, closed } = await openConnection(url, `${service} relay`);
    setMaxListeners(0, closed);
    await declareTopology(model, exchange);
    const channel = closeWithChannel(await model.createConfirmChannel(), model);
    const opened: BrokerConnection = {
      channel,
      model,
      closed,
      blocked: undefined,
      redeclaring: undefined,
      returned: new Set(),
    };
    model.on('blocked', (reason) => {
      log.warn({ failure: reason }, 'broker blocks publishers');
      opened.blocked ??= Promise.withResolvers();
    });
    model.on('unblocked', () => {
      opened.blocked?.resolve();
      opened.blocked = undefined;
    });
    channel.on('return', ({ properties, fields }) => {
      opened.returned.add(`${properties.messageId} ${fields.routingKey}`);
      // Declares all deleted queues before the next message, because the broker accepts one that reaches only some of its queues.
      opened.redeclaring ??= declareTopology(model, exchange)
        .catch(() => {})
        .finally(() => (opened.redeclaring = undefined));
    });
    return opened;
  }

  async function send({ subscriber, envelope }: Delivery, signal: AbortSignal): Promise<string | undefined> {
    const opened = await connect();
    if (opened.blocked) await settledOrAborted(opened.blocked.promise, AbortSignal.any([signal, opened.closed]));
    await opened.redeclaring;
    const isFanOut = subscriber === brokerSubscriber;
    const routingKey = isFanOut ? envelope.name : `${envelope.name}.${subscriber}`;
    const { channel, returned, model } = opened;
    setMaxListeners(0, signal);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      const timer = setTimeout(() => {
        reject(new Error(`Broker did not confirm within ${confirmTimeout} ms`));
        // Keeps a blocked connection, because it recovers. Replaces any other connection that does not confirm.
        if (!opened.blocked) {
          connection = undefined;
          void model.close().catch(() => {});
        }
      }, confirmTimeout);
      const onConfirm = (error: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        const isUnroutable = returned.delete(`${envelope.id} ${routingKey}`);
        if (error instanceof Error) reject(error);
        else resolve(isUnroutable ? 'unroutable: no queue is bound' : undefined);
      };
      try {
        channel.publish(
          isFanOut ? exchange : directExchangeOf(exchange),
          routingKey,
          Buffer.from(JSON.stringify(envelope)),
          {
            messageId: envelope.id,
            type: envelope.name,
            timestamp: Math.floor(Date.parse(envelope.occurred_at) / 1000),
            contentType: 'application/json',
            appId: service,
            persistent: true,
            ...(envelope.traceparent !== undefined && { headers: { traceparent: envelope.traceparent } }),
            // The broker also confirms unroutable messages. Only an event without subscribing services may have no queue.
            mandatory: !isFanOut || (findEventContract(envelope.name)?.subscribers ?? []).length > 0,
          },
          onConfirm,
        );
      } catch (error) {
        onConfirm(error); // the channel was closed in the meantime
      }
    });
  }

  return {
    name: brokerSubscriber,
    system: 'rabbitmq',
    exceptSubscriber: service,
    maxConcurrentAggregates: 100,
    send,
    close: async () => {
      const opened = await connection?.catch(() => undefined);
      connection = undefined;
      await Promise.race([opened?.model.close().catch(() => {}), sleep(1000, undefined, { ref: false })]);
    },
  };
}

/** Waits for a promise, and rejects when the signal aborts first. */
function settledOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}
