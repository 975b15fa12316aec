import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import type { Storage } from './storage.ts';
import { deleteDiscard, takeDueDiscards, type Whose } from './store.ts';

const batch = 20;

/**
 * Removes from the storage what is discarded and due, a batch of it.
 * @param whose left out, everybody's
 * @returns whether there may be more
 * @throws what the storage refuses with; that picture is due again later
 */
export async function removeDue(db: Db, storage: Storage, whose?: Whose): Promise<boolean> {
  const due = await takeDueDiscards(db, batch, whose);
  const removed = await Promise.allSettled(
    due.map(async (discard) => {
      await storage.remove(discard.name);
      await deleteDiscard(db, discard);
    }),
  );
  const failure = removed.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  return due.length === batch;
}

/**
 * Removes from the storage what is discarded, for ever: what fails is due again later. Several processes share the work.
 * @param options.every milliseconds between two looks
 */
export function startDiscarding(options: { db: Db; storage: Storage; log: Log; every?: number }) {
  const { db, storage, log, every = 5000 } = options;
  const stopping = new AbortController();
  let failing = false;

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const more = await removeDue(db, storage).then(
        (found) => {
          failing = false;
          return found;
        },
        (error: unknown) => {
          if (!failing) log.warn({ err: error }, 'discarded pictures wait for their removal');
          failing = true;
          return false;
        },
      );
      if (!more) await sleep(every, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();

  return {
    stop: async (): Promise<void> => {
      stopping.abort();
      await running;
    },
  };
}
