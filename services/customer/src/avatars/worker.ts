import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import type { AvatarStorage } from './storage.ts';
import { deletePendingDeletion, claimDueDeletions, type CustomerRef } from './store.ts';

const batchSize = 20;

/**
 * Removes from the storage what is discarded and due, a batch of it.
 * @param whose left out, everybody's
 * @returns whether there may be more
 * @throws what the storage refuses with; that picture is due again later
 */
export async function deleteDueAvatars(db: Db, storage: AvatarStorage, whose?: CustomerRef): Promise<boolean> {
  const due = await claimDueDeletions(db, batchSize, whose);
  const removed = await Promise.allSettled(
    due.map(async (discard) => {
      await storage.remove(discard.name);
      await deletePendingDeletion(db, discard);
    }),
  );
  const failure = removed.find((one) => one.status === 'rejected');
  if (failure) throw failure.reason;
  return due.length === batchSize;
}

/**
 * Removes from the storage what is discarded, for ever: what fails is due again later. Several processes share the work.
 * @param options.every milliseconds between two looks
 */
export function startAvatarCleanup(options: { db: Db; storage: AvatarStorage; log: Log; every?: number }) {
  const { db, storage, log, every = 5000 } = options;
  const stopping = new AbortController();
  let failing = false;

  const running = (async () => {
    while (!stopping.signal.aborted) {
      const more = await deleteDueAvatars(db, storage).then(
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
