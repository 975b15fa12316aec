import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@clientela/contracts';
import { withLeaderLock, type Db } from '@clientela/db';
import type { Logger } from 'pino';
import { reconnectDelay, type Retries } from './retries.ts';
import { runPurge } from './retention.ts';
import { traceDelivery } from './trace-event.ts';
import { onDeliveriesCommitted } from './wake-relay.ts';

export type Delivery = {
  event_id: string;
  subscriber: string;
  aggregate: string;
  attempts: number;
  /** Milliseconds until its next attempt; 0 or less when it is due. */
  due_in: number;
  envelope: Envelope;
  /** The span that published the event. */
  traceparent: string | null;
};

/** Sends deliveries to one destination. The relay runs one loop per transport, so that an unreachable one delays no other. */
export type Transport = {
  name: string;
  /** Its name in traces. */
  system: 'http' | 'rabbitmq' | 'local';
  /** The subscriber whose deliveries it sends; default all subscribers. */
  subscriber?: string;
  /** A subscriber whose deliveries another transport sends. */
  exceptSubscriber?: string;
  /** Aggregates sent concurrently; the events of one aggregate are sent one after the other. */
  maxConcurrentAggregates: number;
  /** Runs before each poll of the outbox. */
  beforePoll?: () => Promise<void>;
  /**
   * @returns undefined when the subscriber confirmed the event, else why it rejected it
   * @throws when the subscriber is unreachable: all its deliveries wait
   */
  send: (delivery: Delivery, signal: AbortSignal) => Promise<string | undefined>;
  close?: () => Promise<void>;
};

export type Relay = { stop: () => Promise<void> };

const pollInterval = 1000; // milliseconds; finds events of processes that died between commit and wake
const batchSize = 100;
// Aggregates that wait for another attempt. A subscriber that rejects more is not polled until one of them is due.
const maxBlockedAggregates = 1000;

/**
 * Delivers this service's events to its subscribers. A leader lock makes one replica the sender, so the events of an aggregate keep their
 * order. A delivery is deleted when its subscriber confirms it.
 * @param options.db the pool whose commits wake the relay
 * @param options.url this service's database, for the leader lock
 */
export function startRelay(options: {
  db: Db;
  url: string;
  service: string;
  transports: readonly Transport[];
  retries: Retries;
  log: Logger;
}): Relay {
  const { db, url, service, transports, retries, log } = options;
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();

  const wake = () => {
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };
  const stopWaking = onDeliveriesCommitted(db, wake);
  const wakeOrTimeout = (milliseconds: number, signal: AbortSignal) =>
    Promise.race([woken.promise, sleep(milliseconds, undefined, { signal })]).catch(() => {});

  const running = withLeaderLock(url, `${service} relay`, stopping.signal, async (signal) => {
    await Promise.all([...transports.map((transport) => runTransport(transport, signal)), runPurge(db, signal)]);
    for (const transport of transports) await transport.close?.();
  });

  async function runTransport(transport: Transport, signal: AbortSignal): Promise<void> {
    // Time of the next attempt by aggregate. In memory only, because the leader is the only sender.
    const blockedAggregates = new Map<string, number>();
    let failures = 0;
    while (!signal.aborted) {
      const nextPoll = wakeOrTimeout(pollInterval, signal); // created before the query, so that a wake during it is not missed
      try {
        for (const [aggregate, until] of blockedAggregates)
          if (until <= Date.now()) blockedAggregates.delete(aggregate);
        await transport.beforePoll?.();
        const deliveries =
          blockedAggregates.size < maxBlockedAggregates
            ? await findOldest(db, transport, [...blockedAggregates.keys()])
            : [];
        await sendBatch(transport, deliveries, blockedAggregates, signal);
        failures = 0;
        if (deliveries.length === 0) {
          const dueIn = Math.min(...blockedAggregates.values()) - Date.now();
          await (dueIn < pollInterval
            ? Promise.race([nextPoll, wakeOrTimeout(Math.max(dueIn, 10), signal)])
            : nextPoll);
        }
      } catch (error) {
        // The subscriber or the database is unreachable. Deliveries stay and are retried without end, with backoff.
        failures += 1;
        if (failures === 1 && !signal.aborted)
          log.warn({ subscriber: transport.name, err: error }, 'subscriber unreachable; deliveries are retried');
        await sleep(reconnectDelay(failures), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Sends aggregates concurrently and the events of each in order, until one is not confirmed. */
  async function sendBatch(
    transport: Transport,
    deliveries: readonly Delivery[],
    blockedAggregates: Map<string, number>,
    signal: AbortSignal,
  ): Promise<void> {
    const aggregates = Map.groupBy(deliveries, ({ aggregate }) => aggregate)
      .values()
      .toArray();
    const confirmed: Delivery[] = [];
    const errors: unknown[] = [];
    const sendAggregates = async () => {
      for (let aggregate = aggregates.shift(); aggregate; aggregate = aggregates.shift()) {
        for (const delivery of aggregate) {
          if (signal.aborted) return;
          const dueIn = delivery.due_in > 0 ? delivery.due_in : await sendOne(delivery);
          if (dueIn === undefined) continue;
          blockedAggregates.set(delivery.aggregate, Date.now() + dueIn);
          break;
        }
      }
    };
    /** @returns undefined when the next event of its aggregate may be sent, else the milliseconds until its next attempt */
    const sendOne = async (delivery: Delivery): Promise<number | undefined> => {
      const rejection = await traceDelivery(delivery, transport, () => transport.send(delivery, signal));
      if (rejection !== undefined) return recordRejection(delivery, rejection);
      confirmed.push(delivery);
      return undefined;
    };
    const onUnreachable = (error: unknown) => {
      errors.push(error);
      aggregates.length = 0;
    };
    const workers = Math.min(transport.maxConcurrentAggregates, aggregates.length);
    await Promise.all(Array.from({ length: workers }, () => sendAggregates().catch(onUnreachable)));
    if (confirmed.length > 0) await rowsOf(confirmed).delete();
    if (errors.length > 0) throw errors[0];
  }

  const rowsOf = (deliveries: readonly Delivery[]) =>
    db('outbox_deliveries').whereIn(
      ['event_id', 'subscriber'],
      deliveries.map(({ event_id, subscriber }) => [event_id, subscriber]),
    );

  /** @returns milliseconds until the next attempt; undefined when that was the last */
  async function recordRejection(delivery: Delivery, reason: string): Promise<number | undefined> {
    const attempts = delivery.attempts + 1;
    const isLast = attempts >= retries.maxAttempts;
    const delay = retries.delay(attempts);
    await rowsOf([delivery]).update({
      attempts,
      last_error: reason,
      next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [delay]),
      failed_at: isLast ? db.fn.now() : null,
    });
    if (!isLast) return delay;
    const { event_id, subscriber, envelope } = delivery;
    log.error({ event_id, event: envelope.name, subscriber, failure: reason }, 'event could not be delivered');
    return undefined;
  }

  return {
    stop: async () => {
      stopWaking();
      stopping.abort();
      wake();
      await running;
    },
  };
}

/**
 * Finds the oldest deliveries, except those of blocked aggregates. It reads the rows that are still there instead of following a position,
 * so an event that commits late is found. It reads in index order, so a long backlog costs no more than a short one.
 */
async function findOldest(
  db: Db,
  { subscriber, exceptSubscriber }: Transport,
  blockedAggregates: string[],
): Promise<Delivery[]> {
  const rows = db('outbox_deliveries')
    .select('*')
    .whereNull('failed_at')
    .whereRaw('aggregate <> all (?)', [blockedAggregates])
    .orderBy('event_id')
    .limit(batchSize);
  if (subscriber !== undefined) void rows.where({ subscriber });
  if (exceptSubscriber !== undefined) void rows.whereNot({ subscriber: exceptSubscriber });
  return db
    .from(rows.as('d'))
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .select<Delivery[]>(
      'd.event_id',
      'd.subscriber',
      'd.aggregate',
      'd.attempts',
      'e.envelope',
      'e.traceparent',
      db.raw('(extract(epoch from d.next_attempt_at - now()) * 1000)::float8 as due_in'),
    )
    .orderBy('d.event_id');
}
