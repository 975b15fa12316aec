import { setTimeout as sleep } from 'node:timers/promises';
import { Envelope, type Service } from '@clientela/contracts';
import { isUuid, newId, type Db } from '@clientela/db';
import { createConcurrencyLimiter } from '@clientela/runtime';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import {
  closeWithChannel,
  deadQueueOf,
  declareTopology,
  isRoutedByName,
  openConnection,
  queueOf,
} from './amqp-topology.ts';
import { createArraySize } from './array-size.ts';
import { isPermanent, isTransient, reasonOf } from './error-classification.ts';
import { insertDeadLetter } from './dead-letters.ts';
import { measureEffect } from './metrics.ts';
import { aggregateOf } from './publish.ts';
import { reconnectDelay, type Retries } from './retries.ts';
import { consume, type Subscription } from './subscribe.ts';
import { traceEvents } from './trace-events.ts';

const prefetch = 200; // unacknowledged messages, most of them waiting for their turn or their next attempt
const maxEvents = 100; // of one transaction
const maxConcurrentHandlers = 4; // each takes a connection of the pool that serves requests

export type Consumer = { stop: () => Promise<void> };

type Received = { message: ConsumeMessage; event: Envelope };
type Handling = {
  work: (event: Envelope) => Promise<void>;
  workTogether: (events: readonly Envelope[]) => Promise<void>;
  /** Whether a message may be that event; default every one. */
  isExpected?: (event: Envelope, fields: ConsumeMessage['fields']) => boolean;
};

/**
 * Consumes the service's queue. Waiting messages are handled together, in one transaction and in their order. When that fails, or takes
 * too long, fewer are handled together, down to one by one: concurrently across aggregates, in order within one. A message is
 * acknowledged after the handler's commit. A failing handler is retried while other aggregates proceed; after its last attempt the event
 * becomes a dead letter. An unavailable dependency (a database, another service) is waited for without counting as an attempt.
 */
export function startConsumer(options: {
  url: string;
  exchange: string;
  service: Service;
  db: Db;
  subscriptions: readonly Subscription[];
  retries: Retries;
  log: Logger;
  arrayTimeout?: number;
}): Consumer {
  const { url, exchange, service, db, subscriptions, retries, log, arrayTimeout } = options;
  const stopping = new AbortController();
  const limitHandlers = createConcurrencyLimiter({ concurrency: maxConcurrentHandlers });

  const running = (async () => {
    for (let failures = 0; !stopping.signal.aborted;) {
      try {
        await consumeUntilClosed(() => (failures = 0));
      } catch (error) {
        failures += 1;
        if (failures === 1) log.warn({ err: error }, 'broker connection lost; reconnecting with backoff');
      }
      await sleep(reconnectDelay(failures), undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  /** Runs until the service stops. @throws when the connection ends */
  async function consumeUntilClosed(onConnected: () => void): Promise<void> {
    const { model, closed } = await openConnection(url, `${service} consumer`);
    const signal = AbortSignal.any([closed, stopping.signal]);
    const tasks = new Set<Promise<void>>();
    try {
      await declareTopology(model, exchange);
      const channel = closeWithChannel(await model.createChannel(), model);
      const deadChannel = closeWithChannel(await model.createChannel(), model);
      await Promise.all([channel.prefetch(prefetch), deadChannel.prefetch(1)]);
      await channel.consume(
        queueOf(exchange, service),
        inOrder(channel, tasks, {
          work: (event) => processEvent(event, signal),
          workTogether: (events) => processTogether(events, signal),
          isExpected: ({ name }, fields) => isRoutedByName(fields, name, { exchange, service }),
        }),
      );
      await deadChannel.consume(
        deadQueueOf(exchange, service),
        inOrder(deadChannel, tasks, {
          work: (event) => storeUndelivered(event, signal),
          workTogether: async (events) => {
            for (const event of events) await storeUndelivered(event, signal);
          },
        }),
      );
      onConnected();
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (closed.aborted) throw closed.reason;
      // Running handlers finish and acknowledge first. Closing returns the other messages; closing earlier would let another replica
      // take the next event of an aggregate whose previous one is still being processed here.
      await Promise.race([Promise.allSettled(tasks), sleep(3000, undefined, { ref: false })]);
    } finally {
      await Promise.race([model.close().catch(() => {}), sleep(1000, undefined, { ref: false })]);
    }
  }

  /**
   * Handles messages in the order of each aggregate, and acknowledges each when its work is done.
   * @param work settles one event
   * @param workTogether settles several events; when it throws, fewer are tried. When it finds a dependency unavailable twice in a row,
   * as one event may do too, the waiting messages are handled one by one, so that each waits for it by itself.
   */
  function inOrder(
    channel: Channel,
    tasks: Set<Promise<void>>,
    { work, workTogether, isExpected = () => true }: Handling,
  ): (message: ConsumeMessage | null) => void {
    const lastByAggregate = new Map<string, Promise<void>>();
    const waiting: Received[] = [];
    const arrays = createArraySize(maxEvents);
    let draining: Promise<void> | undefined;
    /** Arrays in a row that found a dependency unavailable. */
    let unavailable = 0;

    const track = (task: Promise<void>) => {
      tasks.add(task);
      void task.then(() => tasks.delete(task));
    };
    const handleAlone = ({ message, event }: Received) => {
      const aggregate = aggregateOf(event);
      const task = (lastByAggregate.get(aggregate) ?? Promise.resolve())
        .then(() => work(event))
        .then(() => channel.ack(message))
        // The connection ended without an acknowledgement: the broker redelivers.
        .catch(() => {})
        .finally(() => {
          if (lastByAggregate.get(aggregate) === task) lastByAggregate.delete(aggregate);
        });
      lastByAggregate.set(aggregate, task);
      track(task);
    };
    const handleTogether = async (received: readonly Received[]) => {
      try {
        await workTogether(received.map(({ event }) => event));
        arrays.handled(true, received.length);
        unavailable = 0;
      } catch (error) {
        if (received.length > 1) arrays.handled(false, received.length);
        unavailable = isTransient(error) ? unavailable + 1 : 0;
        if (unavailable >= 2) for (const one of [...received, ...waiting.splice(0)]) handleAlone(one);
        else if (received.length === 1) received.forEach(handleAlone);
        else waiting.unshift(...received);
        return;
      }
      try {
        for (const { message } of received) channel.ack(message);
      } catch {
        // The connection ended without an acknowledgement: the broker redelivers.
      }
    };
    /** Waits until the messages that arrived together have been read. Those that arrive meanwhile are handled next. */
    const drain = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      while (waiting.length > 0) {
        // An event waits for earlier ones of its aggregate that are handled alone.
        const { alone = [], together = [] } = Object.groupBy(waiting.splice(0, arrays.current), ({ event }) =>
          lastByAggregate.has(aggregateOf(event)) ? 'alone' : 'together',
        );
        for (const one of alone) handleAlone(one);
        if (together.length > 0) await handleTogether(together);
      }
      draining = undefined;
    };
    return (message) => {
      if (!message) {
        channel.emit('error', new Error('The queue was deleted'));
        return;
      }
      waiting.push({ message, event: toEnvelope(message, isExpected) });
      if (draining) return;
      draining = drain();
      track(draining);
    };
  }

  async function processTogether(events: readonly Envelope[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const handle = () => consume(db, subscriptions, events, signal, arrayTimeout);
    const processed = await limitHandlers(() => traceEvents(events, 'rabbitmq', handle));
    for (const event of processed) measureEffect(event, service);
  }

  /** Resolves when the event is settled: its handlers have committed, or it is a dead letter. */
  async function processEvent(event: Envelope, signal: AbortSignal): Promise<void> {
    for (let attempts = 0, waits = 0; ;) {
      signal.throwIfAborted();
      try {
        await processTogether([event], signal);
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        if (isTransient(error)) {
          waits += 1;
          if (waits === 1)
            log.warn({ event_id: event.id, event: event.name, err: error }, 'dependency unavailable; event is retried');
        } else {
          attempts += 1;
          const isLast = attempts >= retries.maxAttempts || isPermanent(error);
          if (isLast && (await moveToDeadLetters(event, attempts, reasonOf(error), error))) return;
        }
      }
      await sleep(attempts > 0 ? retries.delay(attempts) : reconnectDelay(waits), undefined, { signal });
    }
  }

  /** Stores a message that the broker dead-lettered: it was redelivered up to the limit and never acknowledged. */
  async function storeUndelivered(event: Envelope, signal: AbortSignal): Promise<void> {
    while (!(await moveToDeadLetters(event, 1, 'redelivered up to the limit and never acknowledged')))
      await sleep(1000, undefined, { signal });
  }

  /** @returns false when the database is unavailable: the event stays in its queue */
  async function moveToDeadLetters(
    event: Envelope,
    attempts: number,
    reason: string,
    error?: unknown,
  ): Promise<boolean> {
    try {
      await insertDeadLetter(db, event, attempts, reason);
    } catch {
      return false;
    }
    log.error(
      { event_id: event.id, event: event.name, failure: reason, err: error },
      'event could not be processed; moved to dead letters',
    );
    return true;
  }

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** Parses a message. An invalid one gets the shape of an event without subscribers, so that it becomes a dead letter. */
function toEnvelope(
  { content, properties, fields }: ConsumeMessage,
  isExpected: (event: Envelope, fields: ConsumeMessage['fields']) => boolean,
): Envelope {
  try {
    const event = Envelope.parse(JSON.parse(content.toString()));
    if (isExpected(event, fields)) return event;
    throw new Error('published under another name');
  } catch {
    const id: unknown = properties.messageId;
    return {
      id: typeof id === 'string' && isUuid(id) ? id : newId(),
      name: `not an event: ${fields.routingKey.slice(0, 100)}`,
      occurred_at: new Date().toISOString(),
      company_id: null,
      actor_id: '',
      request_id: '',
      sequence: 0,
      data: {},
    };
  }
}
