import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const between = 1000; // milliseconds between two tries to become the one

/**
 * Runs `work` in at most one process at a time, however many replicas there are: it holds an advisory lock on a connection of its own.
 * When that connection is lost, the lock is too: `work` is told by its signal, and this process stands in line again.
 * @param url the database whose advisory lock decides
 * @param name what the lock is about
 * @param stop ends it for good
 */
export async function withLeaderLock(
  url: string,
  name: string,
  stop: AbortSignal,
  work: (lost: AbortSignal) => Promise<void>,
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
        const { rows } = await client.query<{ held: boolean }>('select pg_try_advisory_lock(hashtext($1)) as held', [
          name,
        ]);
        if (rows[0]?.held) await work(AbortSignal.any([stop, lost.signal]));
        else await sleep(between, undefined, { signal: stop });
      }
    } catch {
      // Away, or cut off: stand in line again.
    } finally {
      await client.end().catch(() => {});
    }
    if (!stop.aborted) await sleep(between / 4, undefined, { signal: stop }).catch(() => {});
  }
}
