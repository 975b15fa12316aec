import type { Postgres } from '@clientela/embedded-postgres';
import { restartBackoff } from './supervisor.ts';

const pollInterval = 200; // milliseconds

/**
 * Restarts PostgreSQL whenever its process has ended.
 * @param onCrash called when it ended, and with an error when a restart failed
 * @returns a function that ends the watch; call it before the server is stopped
 */
export function watchPostgres(postgres: Postgres, onCrash: (error?: unknown) => void): () => Promise<void> {
  let isStopped = false;
  let failures = 0;
  let restarting = Promise.resolve();
  let timer: NodeJS.Timeout;
  const poll = () => {
    if (isStopped) return;
    if (postgres.isAlive()) {
      failures = 0;
      timer = setTimeout(poll, pollInterval);
      return;
    }
    onCrash();
    restarting = postgres
      .restart()
      .catch((error: unknown) => {
        failures += 1;
        onCrash(error);
      })
      .then(() => {
        timer = setTimeout(poll, pollInterval + restartBackoff(failures));
      });
  };
  timer = setTimeout(poll, pollInterval);
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await restarting;
    clearTimeout(timer);
  };
}
