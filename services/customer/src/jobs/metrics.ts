import type { Db } from '@clientela/db';
import { Gauge, Registry } from 'prom-client';
import { countJobs } from './store.ts';

/** Metrics of jobs, read from the table at each scrape: the same at every replica. */
export function jobMetrics(db: Db): Registry {
  const registry = new Registry();
  const labelNames = ['kind', 'status'] as const;
  const unfinished = new Gauge({
    name: 'clientela_jobs',
    help: 'Jobs that are queued or running',
    labelNames,
    registers: [registry],
    collect: async () => {
      unfinished.reset();
      for (const { kind, status, jobs } of await countJobs(db)) unfinished.set({ kind, status }, jobs);
    },
  });
  const oldest = new Gauge({
    name: 'clientela_jobs_oldest_seconds',
    help: 'Age of the oldest job that is queued or running',
    labelNames,
    registers: [registry],
    collect: async () => {
      oldest.reset();
      for (const { kind, status, oldest_seconds } of await countJobs(db)) oldest.set({ kind, status }, oldest_seconds);
    },
  });
  return registry;
}
