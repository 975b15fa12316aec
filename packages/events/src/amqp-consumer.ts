import { setTimeout as sleep } from 'node:timers/promises';
import { Envelope, type Service } from '@clientela/contracts';
import { isUuid, newId, type Db, type Tx } from '@clientela/db';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from 'pino';
import { openConnection, deadQueueOf, declareTopology, closeWithChannel, queueOf } from './amqp-topology.ts';
import { isPermanent, isTransient, reasonOf } from './error-classification.ts';
import { deadLetter } from './dead-letters.ts';
import { aggregateOf } from './publish.ts';
import { backoff, type Retries } from './retries.ts';
import { consume, type Subscription } from './subscribe.ts';

const prefetch = 50; // messages held at a time, most of them waiting for their turn or their next try
const atOnce = 4; // effects running; each takes a connection of the pool that answers people

export type Consumer = { stop: () => Promise<void> };

/**
 * Hears a service's events from its queue: those of different records beside each other, those of one record one after the other. A
 * message is answered after the effect's commit. An effect that fails is tried again here, while others go on; after its last try the
 * event is put aside with its reason. What an effect needs and does not find (a database, another service) is waited for.
 */
export function startConsumer(options: {
  url: string;
  exchange: string;
  service: Service;
  db: Db;
  subscriptions: readonly Subscription[];
  /** Told after each commit: an effect may have something to say itself. */
  committed: (tx: Tx) => void;
  retries: Retries;
  log: Logger;
}): Consumer {
  const { url, exchange, service, db, subscriptions, committed, retries, log } = options;
  const stopping = new AbortController();
  const slot = slots(atOnce);

  const running = (async () => {
    for (let away = 0; !stopping.signal.aborted;) {
      try {
        await listen(() => (away = 0));
      } catch (error) {
        away += 1;
        if (away === 1) log.warn({ err: error }, 'no events are heard: the broker is away');
      }
      await sleep(backoff(away), undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  /** Until the connection ends, which is an error, or the service does. */
  async function listen(connected: () => void): Promise<void> {
    const { model, ended } = await openConnection(url, `${service} consumer`);
    const over = AbortSignal.any([ended, stopping.signal]);
    const tasks = new Set<Promise<void>>();
    try {
      const channel = closeWithChannel(await model.createChannel(), model);
      const dead = closeWithChannel(await model.createChannel(), model);
      await declareTopology(channel, exchange);
      await Promise.all([channel.prefetch(prefetch), dead.prefetch(1)]);
      await channel.consume(
        queueOf(exchange, service),
        inOrder(channel, tasks, (event) => settle(event, over)),
      );
      await dead.consume(
        deadQueueOf(exchange, service),
        inOrder(dead, tasks, (event) => bury(event, over)),
      );
      connected();
      if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve));
      if (ended.aborted) throw ended.reason;
      // What runs is finished and answered; the rest goes back when the connection is closed, and not before, so that no other
      // replica takes the next event of a record while this one is at work on the one before.
      await Promise.race([Promise.allSettled(tasks), sleep(3000, undefined, { ref: false })]);
    } finally {
      await Promise.race([model.close().catch(() => {}), sleep(1000, undefined, { ref: false })]);
    }
  }

  /** Works messages as they come, each after those of its own record, and answers those that are done. */
  function inOrder(
    channel: Channel,
    tasks: Set<Promise<void>>,
    work: (event: Envelope) => Promise<void>,
  ): (message: ConsumeMessage | null) => void {
    const last = new Map<string, Promise<void>>();
    return (message) => {
      if (!message) {
        channel.emit('error', new Error('the queue was removed'));
        return;
      }
      const event = envelopeOf(message);
      const record = aggregateOf(event);
      const task = (last.get(record) ?? Promise.resolve())
        .then(() => work(event))
        .then(() => channel.ack(message))
        // Over, and unanswered: the broker hands it out again.
        .catch(() => {})
        .finally(() => {
          tasks.delete(task);
          if (last.get(record) === task) last.delete(record);
        });
      last.set(record, task);
      tasks.add(task);
    };
  }

  /** Ends when the event is done with: its effect is there, or it is put aside. */
  async function settle(event: Envelope, over: AbortSignal): Promise<void> {
    for (let refusals = 0, waits = 0; ;) {
      over.throwIfAborted();
      try {
        const done = await slot(() => consume(db, subscriptions, event, over));
        if (done) committed(done);
        return;
      } catch (error) {
        if (over.aborted) throw error;
        if (isTransient(error)) {
          waits += 1;
          if (waits === 1) log.warn({ event_id: event.id, event: event.name, err: error }, 'an event waits');
        } else {
          refusals += 1;
          const last = refusals >= retries.tries || isPermanent(error);
          if (last && (await setAside(event, refusals, reasonOf(error), error))) return;
        }
      }
      await sleep(refusals > 0 ? retries.wait(refusals) : backoff(waits), undefined, { signal: over });
    }
  }

  /** What the broker gave up: it was handed out again and again and never answered. */
  async function bury(event: Envelope, over: AbortSignal): Promise<void> {
    while (!(await setAside(event, 1, 'it was handed out many times and never answered')))
      await sleep(1000, undefined, { signal: over });
  }

  async function setAside(event: Envelope, attempts: number, reason: string, error?: unknown): Promise<boolean> {
    try {
      await deadLetter(db, event, attempts, reason);
    } catch {
      return false; // the database is away: the event stays in its queue
    }
    log.error({ event_id: event.id, event: event.name, fault: reason, err: error }, 'an event could not be heard');
    return true;
  }

  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** A message's event. What is none gets the shape of one, so that it is put aside as an event that nobody hears. */
function envelopeOf({ content, properties, fields }: ConsumeMessage): Envelope {
  try {
    return Envelope.parse(JSON.parse(content.toString()));
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

/** Lets so many run at a time, the others in the order in which they came. */
function slots(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
