import { services, type Envelope, type Service } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { histogram, newMetrics, readGauge, type Metrics, type Reading } from '@clientela/runtime';

const effectDuration = histogram(
  'clientela_event_effect_seconds',
  'Time from the publication of an event to the commit of its effect',
  { event: 40, subscriber: services },
  [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300, 3600],
);

/** Measures an event whose effect has been committed. Clocks of two machines may differ. */
export const measureEffect = ({ name, occurred_at }: Envelope, subscriber: Service): void =>
  effectDuration.observe({ event: name, subscriber }, Math.max(0, (Date.now() - Date.parse(occurred_at)) / 1000));

type Row = { subscriber: string; value: number };

/**
 * Metrics of this service's events, read from its tables at each scrape, so that all replicas report the same. The only label is the
 * subscriber: a service or the broker.
 */
export function eventMetrics(db: Db, service: Service, subscribers: readonly string[]): Metrics {
  const metrics = newMetrics();
  const labelNames = ['subscriber'];
  readGauge({
    name: 'clientela_outbox_pending',
    help: 'Deliveries that a subscriber has not confirmed yet',
    labelNames,
    metrics,
    read: async () => readings(subscribers, await pendingDeliveries(db, 'count(*)')),
  });
  readGauge({
    name: 'clientela_outbox_oldest_pending_seconds',
    help: 'Age of the oldest pending delivery',
    labelNames,
    metrics,
    read: async () => readings(subscribers, await pendingDeliveries(db, ageOfOldest)),
  });
  readGauge({
    name: 'clientela_dead_letters',
    help: 'Failed events by subscriber; this service itself for events that its handlers failed to process',
    labelNames,
    metrics,
    read: async () => readings([...subscribers, service], await failedEvents(db, service)),
  });
  return metrics;
}

/** Sums the rows of each subscriber; one without rows is 0, so that alert rules always have a series. */
function readings(subscribers: readonly string[], rows: readonly Row[]): Reading[] {
  const values = new Map(subscribers.map((subscriber) => [subscriber, 0]));
  for (const { subscriber, value } of rows) values.set(subscriber, (values.get(subscriber) ?? 0) + value);
  return Array.from(values, ([subscriber, value]) => ({ labels: { subscriber }, value }));
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
