import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const retryInterval = 1000; // milliseconds between two attempts to acquire the lock

/**
 * Elects a leader among the replicas: runs `work` while holding an advisory lock on a separate connection, in one process at a time.
 * When the connection is lost, so is the lock: the signal of `work` aborts, and this process competes for the lock again.
 * @param url the database that holds the advisory lock
 * @param name the name of the lock
 * @param stop ends the loop
 */
export async function withLeaderLock(
  url: string,
  name: string,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    const lost = new AbortController();
    const client = new pg.Client({
      connectionString: url,
      application_name: `clientela ${name}`,
      keepAlive: true,
      connectionTimeoutMillis: 2000,
    });
    client.on('error', () => lost.abort());
    client.on('end', () => lost.abort());
    try {
      await client.connect();
      while (!stop.aborted && !lost.signal.aborted) {
        const { rows } = await client.query<{ acquired: boolean }>(
          'select pg_try_advisory_lock(hashtext($1)) as acquired',
          [name],
        );
        if (rows[0]?.acquired) await work(AbortSignal.any([stop, lost.signal]));
        else await sleep(retryInterval, undefined, { signal: stop });
      }
    } catch {
      // The database is unreachable or the connection was lost: connect again.
    } finally {
      await client.end().catch(() => {});
    }
    if (!stop.aborted) await sleep(retryInterval / 4, undefined, { signal: stop }).catch(() => {});
  }
}
