import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
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
 * @param options.intervalMs between two polls
 */
export const startAvatarCleanup = (options: { db: Db; storage: AvatarStorage; log: Log; intervalMs?: number }) =>
  startPeriodicWorker({
    run: () => deleteDueAvatars(options.db, options.storage),
    intervalMs: options.intervalMs ?? 5000,
    log: options.log,
    failureMessage: 'avatar deletions failed and will be retried',
  });
