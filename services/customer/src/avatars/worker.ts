import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import type { AvatarStorage } from './storage.ts';
import { deletePendingDeletion, claimDueDeletions, type CustomerRef } from './store.ts';

const batchSize = 20;

/**
 * Deletes one batch of due files from the storage.
 * @param customer only this customer's files
 * @returns whether there may be more
 * @throws the storage's error; the file is due again later
 */
export async function deleteDueAvatars(db: Db, storage: AvatarStorage, customer?: CustomerRef): Promise<boolean> {
  const due = await claimDueDeletions(db, batchSize, customer);
  const results = await Promise.allSettled(
    due.map(async (deletion) => {
      await storage.remove(deletion.name);
      await deletePendingDeletion(db, deletion);
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return due.length === batchSize;
}

/**
 * Deletes due files periodically; failed ones are due again later. Safe in several processes.
 * @param options.every milliseconds between two polls
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
          if (!failing) log.warn({ err: error }, 'avatar deletions failed and will be retried');
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
