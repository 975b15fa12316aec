import type { Service } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';

type Row = { subscriber: string; figure: number };

/**
 * How this service's events fare, read from its tables when somebody asks: the same at each replica. Labels are services and the
 * broker, and nothing else.
 */
export function eventMetrics(db: Db, service: Service, sends_to: readonly string[]): Registry {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['subscriber'] as const;
  const waiting = new Gauge({
    name: 'clientela_outbox_pending',
    help: 'Events that a subscriber has not confirmed yet',
    labelNames,
    registers,
    collect: async () => {
      show(waiting, sends_to, await waitingFor(db, 'count(*)'));
    },
  });
  const oldest = new Gauge({
    name: 'clientela_outbox_oldest_pending_seconds',
    help: 'Age of the oldest of them',
    labelNames,
    registers,
    collect: async () => {
      show(oldest, sends_to, await waitingFor(db, ageOfFirst));
    },
  });
  const failed = new Gauge({
    name: 'clientela_dead_letters',
    help: 'Events that were put aside, by who did not take them; this service itself for those that it heard',
    labelNames,
    registers,
    collect: async () => {
      show(failed, [...sends_to, service], await failedFor(db, service));
    },
  });
  return registry;
}

/** Nothing is told as 0, so that an alarm has something to look at. */
function show(gauge: Gauge<'subscriber'>, known: readonly string[], rows: readonly Row[]): void {
  gauge.reset();
  for (const subscriber of known) gauge.set({ subscriber }, 0);
  for (const { subscriber, figure } of rows) gauge.inc({ subscriber }, figure);
}

const ageOfFirst = `extract(epoch from now() - (
  select written_at from outbox_events where id = min(d.event_id::text)::uuid
))::float8`;

async function waitingFor(db: Db, figure: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select d.subscriber, ${figure} as figure from outbox_deliveries as d where d.failed_at is null group by d.subscriber`,
  );
  return rows;
}

async function failedFor(db: Db, service: Service): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select subscriber, count(*) as figure from outbox_deliveries where failed_at is not null group by subscriber
      union all select ?, count(*) from dead_letters`,
    [service],
  );
  return rows;
}
