import type { Db } from '@clientela/db';
import { newMetrics, readGauge, type Metrics } from '@clientela/runtime';
import { countJobs } from './store.ts';

/** Metrics of jobs, read from the table at each scrape: the same at every replica. */
export function jobMetrics(db: Db): Metrics {
  const metrics = newMetrics();
  const labelNames = ['kind', 'status'];
  readGauge({
    name: 'clientela_jobs',
    help: 'Jobs that are queued or running',
    labelNames,
    metrics,
    read: async () =>
      (await countJobs(db)).map(({ kind, status, jobs }) => ({ labels: { kind, status }, value: jobs })),
  });
  readGauge({
    name: 'clientela_jobs_oldest_seconds',
    help: 'Age of the oldest job that is queued or running',
    labelNames,
    metrics,
    read: async () =>
      (await countJobs(db)).map(({ kind, status, oldest_seconds }) => ({
        labels: { kind, status },
        value: oldest_seconds,
      })),
  });
  return metrics;
}
