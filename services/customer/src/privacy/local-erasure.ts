import type { ErasureReport } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { erasePerson, type DataInventory } from '@clientela/privacy';
import { eraseFromNextFile } from '../imports/file-erasure.ts';
import type { ImportStorage } from '../imports/settings.ts';
import type { AvatarStorage } from '../avatars/storage.ts';
import { hasPendingDeletions } from '../avatars/store.ts';
import { deleteDueAvatars } from '../avatars/worker.ts';
import { privacy } from '../privacy.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { startErasure } from './actions.ts';
import type { Step } from './store.ts';

export type ErasureDeps = {
  db: Db;
  fingerprints: Fingerprinter;
  avatarStorage: AvatarStorage;
  importStorage: ImportStorage;
};

/** Runs this service's step of an erasure. @returns undefined while a storage still has an avatar of the customer */
export async function eraseLocally(
  { db, fingerprints, avatarStorage, importStorage }: ErasureDeps,
  { request_id, company_id, customer_id, customer_number, user_id }: Step,
  signal: AbortSignal,
): Promise<ErasureReport | undefined> {
  const inventory: DataInventory = {
    ...privacy,
    onStart: (tx, subject, id) => startErasure(tx, fingerprints, subject, id),
  };
  const person = { company_id, customer_id, customer_number, user_id };
  const report = await erasePerson((work) => db.transaction(work), inventory, { request_id, person }, signal);
  if (customer_id !== null) {
    const owner = { company_id, customer_id };
    while (await deleteDueAvatars(db, avatarStorage, owner));
    if (await hasPendingDeletions(db, owner)) return undefined;
    while (await eraseFromNextFile({ db, fingerprints, importStorage }, signal, company_id));
  }
  return report;
}
