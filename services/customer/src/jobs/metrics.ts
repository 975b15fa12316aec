import { afterCommit, type Db, type Tx } from '@clientela/db';
import { counter, newMetrics, readGauge, type Metrics } from '@clientela/runtime';
import { jobKinds, type JobKind } from './schema.ts';
import { countJobs } from './store.ts';

const outcomes = ['created', 'updated', 'skipped', 'failed', 'checked', 'deleted', 'reverted'] as const;
const jobRows = counter('clientela_job_rows_total', 'Rows that jobs have finished', {
  kind: jobKinds,
  outcome: outcomes,
});

/** Counts the rows of a chunk, after its commit. */
export function countRows(tx: Tx, kind: JobKind, rows: Partial<Record<(typeof outcomes)[number], number>>): void {
  afterCommit(tx, () => {
    for (const outcome of outcomes) if (rows[outcome]) jobRows.add({ kind, outcome }, rows[outcome]);
  });
}

const states = jobKinds.flatMap((kind) => (['queued', 'running'] as const).map((status) => ({ kind, status })));

/** Metrics of jobs, read from the table at each scrape: the same at every replica. */
export function jobMetrics(db: Db): Metrics {
  const metrics = newMetrics();
  const labelNames = ['kind', 'status'];
  const readingsOf = async (figure: 'jobs' | 'oldest_seconds') => {
    const counts = await countJobs(db);
    return states.map((labels) => {
      const found = counts.find(({ kind, status }) => kind === labels.kind && status === labels.status);
      return { labels, value: found?.[figure] ?? 0 };
    });
  };
  readGauge({
    name: 'clientela_jobs',
    help: 'Jobs that are queued or running',
    labelNames,
    metrics,
    read: () => readingsOf('jobs'),
  });
  readGauge({
    name: 'clientela_jobs_oldest_seconds',
    help: 'Age of the oldest job that is queued or running',
    labelNames,
    metrics,
    read: () => readingsOf('oldest_seconds'),
  });
  return metrics;
}
