import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope, Service } from '@clientela/contracts';
import { asLeader, type Db, type Tx } from '@clientela/db';
import type { ServiceClient } from '@clientela/http';
import type { Logger } from 'pino';
import { hasPublished } from './publish.ts';

type Delivery = { event_id: string; attempts: number; envelope: Envelope };

export type Relay = {
  /** Told after each commit: wakes the relay when the transaction published something. */
  committed: (tx: Tx) => void;
  stop: () => Promise<void>;
};

const poll = 1000; // milliseconds; finds what a process left behind that died between commit and wake
const batch = 100;
const most = 10; // refusals until a delivery is put aside
const keep = '10 minutes'; // for which a delivered event can still be looked at

/**
 * Hands this service's events to its subscribers: one sender however many replicas, a loop of its own for each subscriber, so that a
 * dead one delays nobody else; the order of one record's events is kept. A delivery is removed when its subscriber has confirmed it.
 * @param options.url this service's database, for the lock that decides which replica sends
 */
export function startRelay(options: {
  db: Db;
  url: string;
  service: Service;
  subscribers: readonly ServiceClient[];
  log: Logger;
}): Relay {
  const { db, url, service, subscribers, log } = options;
  const stopping = new AbortController();
  let woken = Promise.withResolvers<void>();

  const wake = () => {
    woken.resolve();
    woken = Promise.withResolvers<void>();
  };
  const pause = (milliseconds: number, signal: AbortSignal) =>
    Promise.race([woken.promise, sleep(milliseconds, undefined, { signal })]).catch(() => {});

  const running = asLeader(url, `${service} relay`, stopping.signal, async (signal) => {
    await Promise.all([...subscribers.map((subscriber) => deliver(subscriber, signal)), sweep(db, signal)]);
  });

  async function deliver(subscriber: ServiceClient, signal: AbortSignal): Promise<void> {
    let away = 0;
    while (!signal.aborted) {
      const waiting = pause(poll, signal); // taken before the look, so that a wake during it is not missed
      try {
        const due = await dueFor(db, subscriber.service);
        for (const delivery of due) {
          if (signal.aborted) return;
          await send(subscriber, delivery, signal);
        }
        away = 0;
        // Whatever was sent may have held back the next event of its record: only an empty look is a reason to wait.
        if (due.length === 0) await waiting;
      } catch (error) {
        // The subscriber or the database is away. Nothing is lost; it is tried again, less often the longer it lasts.
        away += 1;
        if (away === 1) log.warn({ subscriber: subscriber.service, err: error }, 'events wait');
        await sleep(Math.min(2000, 100 * 2 ** away) * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
      }
    }
  }

  async function send(
    subscriber: ServiceClient,
    { event_id, attempts, envelope }: Delivery,
    signal: AbortSignal,
  ): Promise<void> {
    const actor = {
      id: `service:${service}`,
      role: 'service' as const,
      company_id: envelope.company_id,
      session_id: null,
      client_ip: null,
      request_id: envelope.request_id,
    };
    const status = await subscriber.post('/internal/events', envelope, { actor, signal });
    const row = db('outbox_deliveries').where({ event_id, subscriber: subscriber.service });
    if (status < 300) {
      await row.delete();
      return;
    }
    const failed = attempts + 1 >= most;
    const wait = Math.min(60, 2 ** attempts / 4); // seconds
    await row.update({
      attempts: attempts + 1,
      last_error: `answered ${status}`,
      next_attempt_at: db.raw(`now() + ? * interval '1 second'`, [wait]),
      failed_at: failed ? db.fn.now() : null,
    });
    if (failed)
      log.error(
        { event_id, name: envelope.name, subscriber: subscriber.service, status },
        'an event could not be delivered',
      );
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

/** The oldest deliveries whose time has come; an event waits while an earlier one of the same record does. */
async function dueFor(db: Db, subscriber: string): Promise<Delivery[]> {
  return (await db('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .select('d.event_id', 'd.attempts', 'e.envelope')
    .where('d.subscriber', subscriber)
    .whereNull('d.failed_at')
    .where('d.next_attempt_at', '<=', db.fn.now())
    .whereNotExists(
      db('outbox_deliveries as earlier')
        .select(db.raw('1'))
        .where('earlier.subscriber', subscriber)
        .whereNull('earlier.failed_at')
        .whereRaw('earlier.aggregate = d.aggregate and earlier.event_id < d.event_id'),
    )
    .orderBy('d.event_id')
    .limit(batch)) as Delivery[];
}

/** Keeps the outbox small: what every subscriber has confirmed is removed a while later. */
async function sweep(db: Db, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const removed = await db('outbox_events')
      .whereIn(
        'id',
        db('outbox_events as e')
          .select('e.id')
          .whereRaw(`e.written_at < now() - interval '${keep}'`)
          .whereNotExists(db('outbox_deliveries as d').select(db.raw('1')).whereRaw('d.event_id = e.id'))
          .orderBy('e.id')
          .limit(10_000),
      )
      .delete()
      .catch(() => 0);
    if (removed < 10_000) await sleep(60_000, undefined, { signal }).catch(() => {});
  }
}
