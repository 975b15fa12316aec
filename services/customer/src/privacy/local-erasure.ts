import type { ErasureReport, Person } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { erasePerson, type DataInventory } from '@clientela/privacy';
import type { AvatarStorage } from '../avatars/storage.ts';
import { hasPendingDeletions } from '../avatars/store.ts';
import { deleteDueAvatars } from '../avatars/worker.ts';
import { privacy } from '../privacy.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { startErasure } from './actions.ts';
import { fingerprintTable, findDeletedCounts, findRequest, type DeletedCounts, type Step } from './store.ts';

export type ErasureDeps = {
  db: Db;
  fingerprints: Fingerprinter;
  avatarStorage: AvatarStorage;
};

/** Runs this service's step of an erasure. @returns undefined while the storage still has a picture */
export async function eraseLocally(
  { db, fingerprints, avatarStorage }: ErasureDeps,
  step: Step,
  signal: AbortSignal,
): Promise<ErasureReport | undefined> {
  const { request_id, company_id, customer_id, customer_number, user_id } = step;
  const transact = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction(work);
  const person = { company_id, customer_id, customer_number, user_id };
  const report = await erasePerson(transact, localInventory(fingerprints), { request_id, person }, signal);
  if (customer_id !== null) {
    const whose = { company_id, customer_id };
    while (await deleteDueAvatars(db, avatarStorage, whose));
    if (await hasPendingDeletions(db, whose)) return undefined;
  }
  return withGone(report, await findDeletedCounts(db, company_id, request_id));
}

const localInventory = (fingerprints: Fingerprinter): DataInventory => ({
  ...privacy,
  onStart: async (tx, person: Person, id) => {
    const request = await findRequest(tx, person.company_id, id);
    if (!request) throw new Error('an erasure that nobody asked for');
    await startErasure(tx, { id, person, requested_by: request.requested_by }, fingerprints);
  },
});

/** What went when it began was counted there. */
const withGone = ({ erased, kept, ...report }: ErasureReport, gone: DeletedCounts): ErasureReport => {
  const stay = gone[fingerprintTable] ?? 0;
  const fingerprints = {
    table: fingerprintTable,
    rows: stay,
    columns: ['fingerprint'],
    why: 'an import must not bring the person back; no value can be read out of it, and it expires after 3 years',
  };
  return {
    ...report,
    erased: erased.map((line) => ({ ...line, rows: line.rows + (gone[line.table] ?? 0) })),
    kept: stay > 0 ? [...kept, fingerprints] : kept,
  };
};
