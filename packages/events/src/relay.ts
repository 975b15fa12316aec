import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '@clientela/contracts';
import { withLeaderLock, type Db, type Tx } from '@clientela/db';
import type { Logger } from 'pino';
import { hasPublished } from './publish.ts';
import { backoff, type Retries } from './retries.ts';
import { purge } from './purge.ts';

export type Delivery = {
  event_id: string;
  subscriber: string;
  aggregate: string;
  attempts: number;
  /** Milliseconds until its next try; not above 0 when it is due. */
  due_in: number;
  envelope: Envelope;
};

/** A way to hand over deliveries. Each has a loop of its own, so that one that is away delays no other. */
export type Transport = {
  name: string;
  /** Whose deliveries it takes; left out, everybody's. */
  subscriber?: string;
  /** How many records' events it takes at a time; those of one go one after the other. */
  at_once: number;
  /** Done before each look. */
  before?: () => Promise<void>;
  /**
   * @returns undefined when the subscriber has it, else why it refused it
   * @throws when nobody is there: all wait
   */
  send: (delivery: Delivery, signal: AbortSignal) => Promise<string | undefined>;
  close?: () => Promise<void>;
};

export type Relay = {
  /** Told after each commit: wakes the relay when the transaction published something. */
  committed: (tx: Tx) => void;
  stop: () => Promise<void>;
};

const poll = 1000; // milliseconds; finds what a process left behind that died between commit and wake
const batch = 100;
const mostHeld = 1000; // records that wait for another try; a subscriber that refuses more is left alone until one of them is due

/**
 * Hands this service's events to its subscribers: one sender however many replicas; the order of one record's events is kept.
 * A delivery is removed when its subscriber has confirmed it.
 * @param options.url this service's database, for the lock that decides which replica sends
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
  const pause = (milliseconds: number, signal: AbortSignal) =>
    Promise.race([woken.promise, sleep(milliseconds, undefined, { signal })]).catch(() => {});

  const running = withLeaderLock(url, `${service} relay`, stopping.signal, async (signal) => {
    await Promise.all([...transports.map((transport) => deliver(transport, signal)), purge(db, signal)]);
    for (const transport of transports) await transport.close?.();
  });

  async function deliver(transport: Transport, signal: AbortSignal): Promise<void> {
    // Records whose oldest event is to be tried again, and when. This is the one sender, so that nobody else knows better.
    const held = new Map<string, number>();
    let away = 0;
    while (!signal.aborted) {
      const waiting = pause(poll, signal); // taken before the look, so that a wake during it is not missed
      try {
        for (const [aggregate, until] of held) if (until <= Date.now()) held.delete(aggregate);
        await transport.before?.();
        const found = held.size < mostHeld ? await oldest(db, transport, [...held.keys()]) : [];
        await sendAll(transport, found, held, signal);
        away = 0;
        if (found.length === 0) {
          const soonest = Math.min(...held.values()) - Date.now();
          await (soonest < poll ? Promise.race([waiting, pause(Math.max(soonest, 10), signal)]) : waiting);
        }
      } catch (error) {
        // The subscriber or the database is away. Nothing is lost; it is tried again, for ever, less often the longer it lasts.
        away += 1;
        if (away === 1 && !signal.aborted) log.warn({ subscriber: transport.name, err: error }, 'events wait');
        await sleep(backoff(away), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Sends the events of different records beside each other, those of one in their order, until one is not taken. */
  async function sendAll(
    transport: Transport,
    found: readonly Delivery[],
    held: Map<string, number>,
    signal: AbortSignal,
  ): Promise<void> {
    const records = Map.groupBy(found, ({ aggregate }) => aggregate)
      .values()
      .toArray();
    const delivered: Delivery[] = [];
    const gone: unknown[] = [];
    const work = async () => {
      for (let record = records.shift(); record; record = records.shift()) {
        for (const delivery of record) {
          if (signal.aborted) return;
          const due_in = delivery.due_in > 0 ? delivery.due_in : await deliverOne(delivery);
          if (due_in === undefined) continue;
          held.set(delivery.aggregate, Date.now() + due_in);
          break;
        }
      }
    };
    /** @returns undefined when the next of its record may go, else in how many milliseconds this one is tried again */
    const deliverOne = async (delivery: Delivery): Promise<number | undefined> => {
      const refusal = await transport.send(delivery, signal);
      if (refusal !== undefined) return refuse(delivery, refusal);
      delivered.push(delivery);
      return undefined;
    };
    const nobodyThere = (error: unknown) => {
      gone.push(error);
      records.length = 0;
    };
    await Promise.all(
      Array.from({ length: Math.min(transport.at_once, records.length) }, () => work().catch(nobodyThere)),
    );
    if (delivered.length > 0) await row(delivered).delete();
    if (gone.length > 0) throw gone[0];
  }

  const row = (deliveries: readonly Delivery[]) =>
    db('outbox_deliveries').whereIn(
      ['event_id', 'subscriber'],
      deliveries.map(({ event_id, subscriber }) => [event_id, subscriber]),
    );

  /** @returns milliseconds until its next try; undefined when that was the last */
  async function refuse(delivery: Delivery, reason: string): Promise<number | undefined> {
    const attempts = delivery.attempts + 1;
    const failed = attempts >= retries.tries;
    const wait = retries.wait(attempts);
    await row([delivery]).update({
      attempts,
      last_error: reason,
      next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [wait]),
      failed_at: failed ? db.fn.now() : null,
    });
    if (!failed) return wait;
    const { event_id, subscriber, envelope } = delivery;
    log.error({ event_id, event: envelope.name, subscriber, fault: reason }, 'an event could not be delivered');
    return undefined;
  }

  return {
    committed: (tx) => {
      if (hasPublished(tx)) wake();
    },
    stop: async () => {
      stopping.abort();
      wake();
      await running;
    },
  };
}

/**
 * The oldest deliveries, but for those of records that are held. They are read by what is still there and not by position, so that what
 * commits late is found; in the order of an index, so that a long backlog costs no more than a short one, whatever the planner knows.
 */
async function oldest(db: Db, { subscriber }: Transport, held: string[]): Promise<Delivery[]> {
  const rows = db('outbox_deliveries')
    .select('*')
    .whereNull('failed_at')
    .whereRaw('aggregate <> all (?)', [held])
    .orderBy('event_id')
    .limit(batch);
  if (subscriber !== undefined) void rows.where({ subscriber });
  return db
    .from(rows.as('d'))
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .select<Delivery[]>(
      'd.event_id',
      'd.subscriber',
      'd.aggregate',
      'd.attempts',
      'e.envelope',
      db.raw('(extract(epoch from d.next_attempt_at - now()) * 1000)::float8 as due_in'),
    )
    .orderBy('d.event_id');
}
