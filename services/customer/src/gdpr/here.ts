import type { ErasureReport, Person } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { erasePerson, type DataInventory } from '@clientela/privacy';
import type { AvatarStorage } from '../avatars/storage.ts';
import { hasPendingDeletions } from '../avatars/store.ts';
import { deleteDueAvatars } from '../avatars/worker.ts';
import { privacy } from '../privacy.ts';
import type { Fingerprints } from '../tombstones/fingerprints.ts';
import { beginErasure } from './actions.ts';
import { fingerprintTable, findGone, findRequest, type Gone, type Step } from './store.ts';

export type Here = {
  db: Db;
  fingerprints: Fingerprints;
  pictures: AvatarStorage;
};

/** This service's part of an erasure. @returns undefined while a picture is not out of the storage */
export async function eraseHere(
  { db, fingerprints, pictures }: Here,
  step: Step,
  signal: AbortSignal,
): Promise<ErasureReport | undefined> {
  const { request_id, company_id, customer_id, customer_number, user_id } = step;
  const transact = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction(work);
  const person = { company_id, customer_id, customer_number, user_id };
  const report = await erasePerson(transact, beginningWith(fingerprints), { request_id, person }, signal);
  if (customer_id !== null) {
    const whose = { company_id, customer_id };
    while (await deleteDueAvatars(db, pictures, whose));
    if (await hasPendingDeletions(db, whose)) return undefined;
  }
  return withGone(report, await findGone(db, company_id, request_id));
}

const beginningWith = (fingerprints: Fingerprints): DataInventory => ({
  ...privacy,
  begin: async (tx, person: Person, id) => {
    const request = await findRequest(tx, person.company_id, id);
    if (!request) throw new Error('an erasure that nobody asked for');
    await beginErasure(tx, { id, person, requested_by: request.requested_by }, fingerprints);
  },
});

/** What went when it began was counted there. */
const withGone = ({ erased, kept, ...report }: ErasureReport, gone: Gone): ErasureReport => {
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
