import { customerErased, eventsBeforeErasure, type ErasureReport, type Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publish, removeFromEvents } from '@clientela/events';
import { lockCustomer } from '../customers/store.ts';
import { eventIdentity } from '../history/actions.ts';
import { requestFileErasure } from '../imports/store.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { insertErasedCustomer, insertErasedUser, insertFingerprints, lockUser } from '../tombstones/store.ts';
import { insertRequest, listOtherRecords, markStarted } from './store.ts';

/**
 * Starts an erasure: writes the tombstones and releases the steps of the other services. The same transaction then deletes the customer.
 * After its commit the customer is a 404 everywhere, and late events and requests cannot restore it.
 * @returns the stored fingerprints, for the report
 */
export async function startErasure(
  tx: Tx,
  fingerprintsOf: Fingerprinter,
  { company_id, customer_id, user_id }: Person,
  request_id: string,
): Promise<ErasureReport['kept']> {
  if (user_id !== null) {
    await lockUser(tx, company_id, user_id);
    await insertErasedUser(tx, company_id, user_id);
  }
  const requested_by = await markStarted(tx, company_id, request_id);
  if (user_id !== null)
    // The user's other records are erased by separate requests.
    for (const { id, number } of await listOtherRecords(tx, company_id, user_id, customer_id)) {
      const record = { company_id, customer_id: id, customer_number: number, user_id: null };
      await insertRequest(tx, record, requested_by, request_id);
    }
  const customer = customer_id === null ? undefined : await lockCustomer(tx, company_id, customer_id);
  await removeFromEvents(tx, eventsBeforeErasure, { field: 'user_id', aggregate_id: customer_id, value: user_id });
  if (customer_id === null) return [];
  await insertErasedCustomer(tx, company_id, customer_id);
  if (!customer) return [];
  await requestFileErasure(tx, company_id, customer_id);
  const fingerprints = fingerprintsOf(company_id, customer).map(({ fingerprint }) => fingerprint);
  await insertFingerprints(tx, company_id, fingerprints);
  const origin = { id: requested_by, company_id, request_id };
  await publish(tx, customerErased, origin, customer.version + 1, eventIdentity(customer));
  const why = 'an import must not restore the person; no value can be read from it, and it expires after 3 years';
  const kept = { table: 'erased_fingerprints', rows: fingerprints.length, columns: ['fingerprint'], why };
  return kept.rows > 0 ? [kept] : [];
}
