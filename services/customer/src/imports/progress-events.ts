import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { findImport } from './store.ts';

const pollInterval = 1000; // milliseconds
const commentInterval = 10_000; // keeps proxies from closing an idle connection
const maxStreams = 100;
let openStreams = 0;

/**
 * Server-sent events (WHATWG HTML, 9.2) of an import: `progress` with the import whenever it changed, and `end` with its last state. Ends
 * with the job, or when the service stops.
 * @throws AppError 429 beyond 100 streams
 */
export function progressEvents(
  db: Db,
  company_id: string,
  import_id: string,
  stopping: AbortSignal | undefined,
): AsyncGenerator<string> {
  if (openStreams >= maxStreams)
    throw new AppError('rate_limited', {
      error_code: 'TOO_MANY_AT_ONCE',
      detail: `Too many event streams; at most ${maxStreams}`,
      headers: { 'Retry-After': '10' },
    });
  return eventsUntilEnd(db, company_id, import_id, stopping);
}

async function* eventsUntilEnd(
  db: Db,
  company_id: string,
  import_id: string,
  stopping: AbortSignal | undefined,
): AsyncGenerator<string> {
  openStreams += 1;
  try {
    let before = '';
    let commentedAt = performance.now();
    while (!stopping?.aborted) {
      const current = await findImport(db, company_id, import_id);
      if (!current) return;
      const data = JSON.stringify(current);
      const hasEnded = current.status !== 'queued' && current.status !== 'running';
      if (hasEnded || data !== before) yield `event: ${hasEnded ? 'end' : 'progress'}\ndata: ${data}\n\n`;
      if (hasEnded) return;
      before = data;
      if (performance.now() - commentedAt >= commentInterval) {
        yield ': \n\n';
        commentedAt = performance.now();
      }
      await sleep(pollInterval, undefined, { signal: stopping }).catch(() => {});
    }
  } finally {
    openStreams -= 1;
  }
}
