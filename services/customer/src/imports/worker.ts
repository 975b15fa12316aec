import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import { eraseFromNextFile, type FileErasureDeps } from './file-erasure.ts';
import { closeImport, deleteProblems, findDraftsToDelete, findImportToClose, isFileInUse } from './store.ts';
import { deleteDrafts } from './writer/store.ts';
import type { ImportStorage } from './settings.ts';
import { listOldUploads, removeUpload } from './uploads.ts';

const problemsPerDelete = 5000;

/** Removes the file and the errors of one import that ended 7 days ago. @returns whether there may be more */
export async function closeNextImport(db: Db, storage: ImportStorage): Promise<boolean> {
  const expired = await findImportToClose(db);
  if (!expired) return false;
  const { company_id, id, file } = expired;
  if ((await deleteProblems(db, company_id, id, problemsPerDelete)) === problemsPerDelete) return true;
  if (file !== null) await removeUpload(storage, company_id, file);
  await closeImport(db, company_id, id);
  return true;
}

/** Removes drafts of a dry run that could not do so itself. @returns whether there may be more */
export async function deleteLeftDrafts(db: Db): Promise<boolean> {
  const left = await findDraftsToDelete(db);
  return left !== undefined && (await deleteDrafts(db, left.company_id, left.id)) > 0;
}

/** Removes files that no import has: their upload was killed, or its request failed or was a repetition. */
export async function removeOrphans(db: Db, storage: ImportStorage): Promise<void> {
  for await (const { company_id, name } of listOldUploads(storage))
    if (!(await isFileInUse(db, company_id, name))) await removeUpload(storage, company_id, name);
}

/** Starts the background work of stored files: retention, leftovers, and erasures. Safe in several processes. */
export function startImportCleanup(options: FileErasureDeps & { log: Log }) {
  const { db, importStorage, log } = options;
  const workers = [
    startPeriodicWorker({
      run: () => closeNextImport(db, importStorage),
      intervalMs: 60_000,
      log,
      failureMessage: 'closing old imports failed and will be retried',
    }),
    startPeriodicWorker({
      run: () => deleteLeftDrafts(db),
      intervalMs: 30_000,
      log,
      failureMessage: 'deleting drafts of dry runs failed and will be retried',
    }),
    startPeriodicWorker({
      run: () => removeOrphans(db, importStorage),
      intervalMs: 300_000,
      log,
      failureMessage: 'removing leftovers of uploads failed and will be retried',
    }),
    startPeriodicWorker({
      run: (signal) => eraseFromNextFile(options, signal),
      intervalMs: 5000,
      log,
      failureMessage: 'erasing people from stored files failed and will be retried',
    }),
  ];
  return { stop: async () => void (await Promise.all(workers.map((worker) => worker.stop()))) };
}
