import { customerErased, type Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publish } from '@clientela/events';
import { lockCustomer } from '../customers/store.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { insertErasedCustomer, insertErasedUser, insertFingerprints, lockUser } from '../tombstones/store.ts';
import { deleteRowsOf, listOtherRecords } from './rows.ts';
import { fingerprintTable, insertRequest, markStarted } from './store.ts';

/** An erasure at work: which, whose, and who asked for it. */
export type ErasureTask = { id: string; person: Person; requested_by: string };

/**
 * What an erasure does here, at once: from its commit on the person is in no list and a 404 everywhere, and nothing that comes late
 * makes it anew. The other services may begin. Done again, it finds nothing to do.
 */
export async function startErasure(
  tx: Tx,
  { id, person, requested_by }: ErasureTask,
  fingerprints: Fingerprinter,
): Promise<void> {
  const { company_id, customer_id, user_id } = person;
  if (user_id !== null) await suppressUser(tx, company_id, user_id);
  const customer = customer_id === null ? undefined : await lockCustomer(tx, company_id, customer_id);
  if (customer_id !== null) await insertErasedCustomer(tx, company_id, customer_id);
  const prints = customer ? fingerprints(company_id, customer).map(({ fingerprint }) => fingerprint) : [];
  await insertFingerprints(tx, company_id, prints);
  const gone = customer ? await deleteRowsOf(tx, company_id, customer.id) : {};
  // What was made for the user beside this record goes too, each by a request of its own.
  for (const { id: other, number } of user_id === null
    ? []
    : await listOtherRecords(tx, company_id, user_id, customer_id)) {
    const record = { company_id, customer_id: other, customer_number: number, user_id: null };
    await insertRequest(tx, record, requested_by, id);
  }
  if (customer) {
    const cause = { id: requested_by, company_id, request_id: id };
    await publish(tx, customerErased, cause, customer.version + 1, {
      customer_id: customer.id,
      number: customer.number,
    });
  }
  await markStarted(tx, company_id, id, { ...gone, [fingerprintTable]: prints.length });
}

/** From here on no profile is made for the user. */
async function suppressUser(tx: Tx, company_id: string, user_id: string): Promise<void> {
  await lockUser(tx, company_id, user_id);
  await insertErasedUser(tx, company_id, user_id);
}
