import type { Db } from '@clientela/db';
import { counter, newMetrics, readGauge, type Metrics } from '@clientela/runtime';
import { findOldestAge } from './store.ts';

/** `failed`: tried for 24 hours and deleted; `dropped`: not needed any more, or the address is nobody's. */
export const mailAttempts = counter('clientela_mails_total', 'Attempts to send a mail, by outcome', {
  outcome: ['sent', 'delayed', 'failed', 'dropped'],
});

export function mailMetrics(db: Db): Metrics {
  const metrics = newMetrics();
  readGauge({
    name: 'clientela_mails_oldest_seconds',
    help: 'Age of the oldest mail that waits to be sent',
    metrics,
    read: async () => [{ labels: {}, value: await findOldestAge(db) }],
  });
  return metrics;
}
