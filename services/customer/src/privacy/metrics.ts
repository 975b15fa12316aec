import type { Db } from '@clientela/db';
import { newMetrics, readGauge, type Metrics } from '@clientela/runtime';
import { countOpen } from './store.ts';

/** Metrics of erasures, read from the table at each scrape: the same at every replica. */
export function erasureMetrics(db: Db): Metrics {
  const metrics = newMetrics();
  readGauge({
    name: 'clientela_erasures_open',
    help: 'Erasure requests that are not finished',
    metrics,
    read: async () => [{ labels: {}, value: (await countOpen(db)).open }],
  });
  readGauge({
    name: 'clientela_erasures_oldest_open_seconds',
    help: 'Age of the oldest unfinished erasure request',
    metrics,
    read: async () => [{ labels: {}, value: (await countOpen(db)).oldest }],
  });
  return metrics;
}
