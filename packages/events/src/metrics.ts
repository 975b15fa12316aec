import type { Service } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';

type Row = { subscriber: string; value: number };

/**
 * Metrics of this service's events, read from its tables at each scrape, so that all replicas report the same. The only label is the
 * subscriber: a service or the broker.
 */
export function eventMetrics(db: Db, service: Service, subscribers: readonly string[]): Registry {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['subscriber'] as const;
  const pending = new Gauge({
    name: 'clientela_outbox_pending',
    help: 'Deliveries that a subscriber has not confirmed yet',
    labelNames,
    registers,
    collect: async () => {
      setValues(pending, subscribers, await pendingDeliveries(db, 'count(*)'));
    },
  });
  const oldest = new Gauge({
    name: 'clientela_outbox_oldest_pending_seconds',
    help: 'Age of the oldest pending delivery',
    labelNames,
    registers,
    collect: async () => {
      setValues(oldest, subscribers, await pendingDeliveries(db, ageOfOldest));
    },
  });
  const failed = new Gauge({
    name: 'clientela_dead_letters',
    help: 'Failed events by subscriber; this service itself for events that its handlers failed to process',
    labelNames,
    registers,
    collect: async () => {
      setValues(failed, [...subscribers, service], await failedEvents(db, service));
    },
  });
  return registry;
}

/** Sets every subscriber without a row to 0, so that alert rules always have a series. */
function setValues(gauge: Gauge<'subscriber'>, subscribers: readonly string[], rows: readonly Row[]): void {
  gauge.reset();
  for (const subscriber of subscribers) gauge.set({ subscriber }, 0);
  for (const { subscriber, value } of rows) gauge.inc({ subscriber }, value);
}

const ageOfOldest = `extract(epoch from now() - (
  select created_at from outbox_events where id = min(d.event_id::text)::uuid
))::float8`;

async function pendingDeliveries(db: Db, aggregate: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select d.subscriber, ${aggregate} as value from outbox_deliveries as d where d.failed_at is null group by d.subscriber`,
  );
  return rows;
}

async function failedEvents(db: Db, service: Service): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select subscriber, count(*) as value from outbox_deliveries where failed_at is not null group by subscriber
      union all select ?, count(*) from dead_letters`,
    [service],
  );
  return rows;
}
