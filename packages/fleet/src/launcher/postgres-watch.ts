import type { Postgres } from '@clientela/embedded-postgres';
import { pauseBefore } from './supervisor.ts';

const beat = 200; // milliseconds between two looks at the process

/** Starts PostgreSQL again whenever it died. @returns how to stop that, to be called before the server is stopped */
export function watchPostgres(postgres: Postgres, on_death: (error?: unknown) => void): () => Promise<void> {
  let stopped = false;
  let failures = 0;
  let restarting = Promise.resolve();
  let timer: NodeJS.Timeout;
  const look = () => {
    if (stopped) return;
    if (postgres.alive()) {
      failures = 0;
      timer = setTimeout(look, beat);
      return;
    }
    on_death();
    restarting = postgres
      .restart()
      .catch((error: unknown) => {
        failures += 1;
        on_death(error);
      })
      .then(() => {
        timer = setTimeout(look, beat + pauseBefore(failures));
      });
  };
  timer = setTimeout(look, beat);
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await restarting;
    clearTimeout(timer);
  };
}
