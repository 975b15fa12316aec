import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@clientela/contracts';
import { execute, withLeaderLock, type Db, type NamedStatement } from '@clientela/db';
import type { Logger } from 'pino';
import { createArraySize, type ArraySize } from './array-size.ts';
import { reconnectDelay, type Retries } from './retries.ts';
import { runPurge } from './retention.ts';
import { traceDeliveries } from './trace-events.ts';
import { onDeliveriesCommitted } from './wake-relay.ts';

export type Delivery = {
  event_id: string;
  subscriber: string;
  aggregate: string;
  attempts: number;
  /** Milliseconds until its next attempt; 0 or less when it is due. */
  due_in: number;
  envelope: Envelope;
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
  /** Runs before the first poll of the outbox, and then at most once in a poll interval. */
  beforePoll?: () => Promise<void>;
  /**
   * Sends several deliveries at once, those of an aggregate in their order. Either all take effect, or none.
   * @returns whether the subscriber confirmed or rejected them
   * @throws when the subscriber, or a dependency of one event, is unavailable
   */
  sendArray?: (deliveries: readonly Delivery[], signal: AbortSignal) => Promise<'confirmed' | 'rejected'>;
  /**
   * @returns undefined when the subscriber confirmed the event, else why it rejected it
   * @throws when the subscriber is unreachable: all its deliveries wait
   */
  send: (delivery: Delivery, signal: AbortSignal) => Promise<string | undefined>;
  close?: () => Promise<void>;
};

type SendingContext = {
  /** Time of the next attempt by aggregate. */
  blockedAggregates: Map<string, number>;
  signal: AbortSignal;
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
  const alarms = new Map(transports.map((transport) => [transport, createAlarm()]));
  const stopWaking = onDeliveriesCommitted(db, (subscribers) => {
    for (const [transport, alarm] of alarms)
      for (const subscriber of subscribers) if (isOf(transport, subscriber)) alarm.ring();
  });

  const running = withLeaderLock(url, `${service} relay`, stopping.signal, async (signal) => {
    signal.addEventListener('abort', () => {
      for (const alarm of alarms.values()) alarm.ring();
    });
    const loops = [...alarms].map(([transport, alarm]) => runTransport(transport, alarm, signal));
    await Promise.all([...loops, runPurge(db, signal)]);
    for (const transport of transports) await transport.close?.();
  });

  async function runTransport(transport: Transport, alarm: Alarm, signal: AbortSignal): Promise<void> {
    // Time of the next attempt by aggregate. In memory only, because the leader is the only sender.
    const blockedAggregates = new Map<string, number>();
    const arrays = createArraySize(batchSize);
    let nextCheckAt = 0;
    let failures = 0;
    while (!signal.aborted) {
      alarm.reset(); // before the query, so that a wake during it is not missed
      try {
        for (const [aggregate, until] of blockedAggregates)
          if (until <= Date.now()) blockedAggregates.delete(aggregate);
        if (nextCheckAt <= Date.now()) {
          await transport.beforePoll?.();
          nextCheckAt = Date.now() + pollInterval;
        }
        const deliveries =
          blockedAggregates.size < maxBlockedAggregates
            ? await findOldest(db, transport, [...blockedAggregates.keys()])
            : [];
        await sendBatch(transport, deliveries, { blockedAggregates, signal, arrays });
        failures = 0;
        if (deliveries.length < batchSize) {
          const dueIn = Math.min(...blockedAggregates.values()) - Date.now();
          await alarm.wait(Math.min(Math.max(dueIn, 10), pollInterval));
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

  /** Sends what has not failed before in arrays, if the transport has them, then the rest one by one. */
  async function sendBatch(
    transport: Transport,
    deliveries: readonly Delivery[],
    { arrays, ...context }: SendingContext & { arrays: ArraySize },
  ): Promise<void> {
    const aggregates = Map.groupBy(deliveries, ({ aggregate }) => aggregate);
    const isFresh = ({ aggregate }: Delivery) => aggregates.get(aggregate)?.every(({ attempts }) => attempts === 0);
    const confirmed = new Set<Delivery>();
    const fresh = transport.sendArray ? deliveries.filter(isFresh) : [];
    const { unsent, errors } = await sendInArrays(transport, fresh, confirmed, { arrays, ...context });
    const alone = deliveries.filter((delivery) => unsent.has(delivery) || !fresh.includes(delivery));
    if (errors.length === 0) errors.push(...(await sendOneByOne(transport, alone, confirmed, context)));
    if (errors.length === 0) arrays.handledAlone();
    if (confirmed.size > 0) await deleteConfirmed(db, [...confirmed]);
    if (errors.length > 0) throw errors[0];
  }

  /**
   * Sends deliveries in arrays. A quarter of one that was rejected is tried next, until the event that the subscriber rejects is sent
   * alone. An array that found the subscriber unavailable, as one event whose dependency is unavailable does too, is followed by a few
   * single events: when they do not get through either, nothing else is sent.
   * @returns what must be sent one by one, or why the subscriber is unreachable
   */
  async function sendInArrays(
    transport: Transport,
    deliveries: readonly Delivery[],
    confirmed: Set<Delivery>,
    { arrays, ...context }: SendingContext & { arrays: ArraySize },
  ): Promise<{ unsent: Set<Delivery>; errors: unknown[] }> {
    const { blockedAggregates, signal } = context;
    let rest = deliveries;
    while (rest.length > 1 && arrays.current > 1 && !signal.aborted) {
      const array = rest.slice(0, arrays.current);
      const result = await sendTogether(transport, array, signal).catch(() => 'unavailable' as const);
      arrays.handled(result === 'confirmed', array.length);
      if (result === 'confirmed') {
        for (const delivery of array) confirmed.add(delivery);
        rest = rest.slice(array.length);
      } else if (result === 'unavailable' || arrays.current === 1) {
        const few = result === 'rejected' ? array : array.slice(0, transport.maxConcurrentAggregates);
        const errors = await sendOneByOne(transport, few, confirmed, context);
        if (errors.length > 0) return { unsent: new Set(), errors };
        // Arrays were rejected because of this event. Without one, the subscriber may be of the version before arrays.
        if (few.some((delivery) => !confirmed.has(delivery))) arrays.handledAlone();
        const sent = new Set(few);
        rest = rest.filter((delivery) => !sent.has(delivery) && !blockedAggregates.has(delivery.aggregate));
      }
    }
    return { unsent: new Set(rest), errors: [] };
  }

  /** Sends aggregates concurrently and the events of each in order, until one is not confirmed. @returns why the subscriber is unreachable */
  async function sendOneByOne(
    transport: Transport,
    deliveries: readonly Delivery[],
    confirmed: Set<Delivery>,
    { blockedAggregates, signal }: SendingContext,
  ): Promise<unknown[]> {
    const aggregates = [...Map.groupBy(deliveries, ({ aggregate }) => aggregate).values()];
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
      const rejection = await traceDeliveries([delivery], transport.system, {
        send: ([traced = delivery]) => transport.send(traced, signal),
        isAccepted: (reason) => reason === undefined,
      });
      if (rejection !== undefined) return recordRejection(delivery, rejection);
      confirmed.add(delivery);
      return undefined;
    };
    const onUnreachable = (error: unknown) => {
      errors.push(error);
      aggregates.length = 0;
    };
    const workers = Math.min(transport.maxConcurrentAggregates, aggregates.length);
    await Promise.all(Array.from({ length: workers }, () => sendAggregates().catch(onUnreachable)));
    return errors;
  }

  /** @returns milliseconds until the next attempt; undefined when that was the last */
  async function recordRejection(delivery: Delivery, reason: string): Promise<number | undefined> {
    const attempts = delivery.attempts + 1;
    const isLast = attempts >= retries.maxAttempts;
    const delay = retries.delay(attempts);
    const { event_id, subscriber, envelope } = delivery;
    await db('outbox_deliveries')
      .where({ event_id, subscriber })
      .update({
        attempts,
        last_error: reason,
        next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [delay]),
        failed_at: isLast ? db.fn.now() : null,
      });
    if (!isLast) return delay;
    log.error({ event_id, event: envelope.name, subscriber, failure: reason }, 'event could not be delivered');
    return undefined;
  }

  return {
    stop: async () => {
      stopWaking();
      stopping.abort();
      await running;
    },
  };
}

const sendTogether = (transport: Transport, deliveries: readonly Delivery[], signal: AbortSignal) =>
  traceDeliveries(deliveries, transport.system, {
    send: async (traced) => transport.sendArray?.(traced, signal),
    isAccepted: (result) => result === 'confirmed',
  });

/** Whether a transport sends the deliveries of a subscriber. */
const isOf = ({ subscriber, exceptSubscriber }: Transport, of: string): boolean =>
  subscriber === undefined ? of !== exceptSubscriber : of === subscriber;

type Alarm = ReturnType<typeof createAlarm>;

/** Wakes one loop, also when it rings while the loop is busy. */
function createAlarm() {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      hasRung = true;
      wake?.();
    },
    reset: () => {
      hasRung = false;
    },
    /** Resolves when it has rung since the last reset, or after so many milliseconds. */
    wait: (milliseconds: number): Promise<void> =>
      hasRung
        ? Promise.resolve()
        : new Promise((resolve) => {
            const end = () => {
              clearTimeout(timer);
              wake = undefined;
              resolve();
            };
            const timer = setTimeout(end, milliseconds);
            wake = end;
          }),
  };
}

const findDeliveries: NamedStatement = {
  name: 'find_deliveries',
  text: 'select * from find_deliveries($1, $2, $3::text[], $4)',
};

/**
 * Finds the oldest deliveries, except those of blocked aggregates. It reads the rows that are still there instead of following a position,
 * so an event that commits late is found. It reads in index order, so a long backlog costs no more than a short one.
 */
const findOldest = (
  db: Db,
  { subscriber, exceptSubscriber = '' }: Transport,
  blockedAggregates: string[],
): Promise<Delivery[]> =>
  execute<Delivery>(db, findDeliveries, [
    subscriber ?? exceptSubscriber,
    subscriber === undefined,
    blockedAggregates,
    batchSize,
  ]);

/** Commits without waiting for the disk: a deletion that a crash loses only sends again what the subscriber then recognizes. */
const deleteDeliveries: NamedStatement = {
  name: 'delete_deliveries',
  text: `select delete_deliveries($1, $2::uuid[]) where (select set_config('synchronous_commit', 'off', true)) = 'off'`,
};

async function deleteConfirmed(db: Db, deliveries: readonly Delivery[]): Promise<void> {
  for (const [subscriber, confirmed] of Map.groupBy(deliveries, (delivery) => delivery.subscriber))
    await execute(db, deleteDeliveries, [subscriber, confirmed.map(({ event_id }) => event_id)]);
}
