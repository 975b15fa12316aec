import type { Service } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';

type Row = { subscriber: string; events: number; oldest: number };

/**
 * How this service's events fare, read from its tables when somebody asks: the same at each replica. Labels are services and the
 * broker, and nothing else.
 */
export function eventMetrics(db: Db, service: Service, sends_to: readonly string[]): Registry {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['subscriber'] as const;
  const waiting = new Gauge({
    name: 'clientela_events_waiting',
    help: 'Events that a subscriber has not confirmed yet',
    labelNames,
    registers,
    collect: async () => {
      const rows = await waitingFor(db);
      for (const gauge of [waiting, oldest]) {
        gauge.reset();
        for (const subscriber of sends_to) gauge.set({ subscriber }, 0);
      }
      for (const row of rows) {
        waiting.set({ subscriber: row.subscriber }, row.events);
        oldest.set({ subscriber: row.subscriber }, row.oldest);
      }
    },
  });
  const oldest = new Gauge({
    name: 'clientela_events_oldest_waiting_seconds',
    help: 'Age of the oldest of them',
    labelNames,
    registers,
  });
  const failed = new Gauge({
    name: 'clientela_events_failed',
    help: 'Events that were put aside, by who did not take them; this service itself for those that it heard',
    labelNames,
    registers,
    collect: async () => {
      const rows = await failedFor(db, service);
      failed.reset();
      for (const subscriber of [...sends_to, service]) failed.set({ subscriber }, 0);
      for (const row of rows) failed.inc({ subscriber: row.subscriber }, row.events);
    },
  });
  return registry;
}

async function waitingFor(db: Db): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select d.subscriber, d.events,
            extract(epoch from now() - (select written_at from outbox_events where id = d.first))::float8 as oldest
       from (select subscriber, count(*) as events, min(event_id::text)::uuid as first
               from outbox_deliveries where failed_at is null group by subscriber) as d`,
  );
  return rows;
}

async function failedFor(db: Db, service: Service): Promise<Omit<Row, 'oldest'>[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select subscriber, count(*) as events from outbox_deliveries where failed_at is not null group by subscriber
      union all select ?, count(*) from inbox_failures`,
    [service],
  );
  return rows;
}
