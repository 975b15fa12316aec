import { execute, type NamedStatement, type Tx } from '@clientela/db';

/** A locked customer; `recorded_version` counts the changes of records that the customer's counters include. */
export type LockedCustomer = { company_id: string; customer_id: string; recorded_version: number };

const lockStatement: NamedStatement = {
  name: 'lock_customer',
  text: `insert into customer_locks (company_id, customer_id, recorded_version) values ($1, $2, $3::bigint)
    on conflict (company_id, customer_id) do update
      set is_hard_deleted = false, recorded_version = customer_locks.recorded_version + $3
      where not customer_locks.is_hard_deleted
    returning company_id, customer_id, recorded_version`,
};

/**
 * Locks a customer until the transaction ends, against hard deletion and concurrent changes of its records. Callers lock the customer before
 * any of its records.
 * @param isCounted whether the transaction writes a record that the counters include, so that the recorded version is raised at once
 * @returns undefined when the customer was hard-deleted
 */
export const lockCustomer = async (
  tx: Tx,
  company_id: string,
  customer_id: string,
  isCounted = false,
): Promise<LockedCustomer | undefined> =>
  (await execute<LockedCustomer>(tx, lockStatement, [company_id, customer_id, isCounted ? 1 : 0]))[0];

/**
 * Raises a customer's recorded version when the change affects its counters.
 * @param isCounted whether the counters include the record that this transaction writes
 * @returns the version after the change
 */
export async function raiseRecordedVersion(
  tx: Tx,
  { recorded_version, ...key }: LockedCustomer,
  isCounted: boolean,
): Promise<number> {
  if (!isCounted) return recorded_version;
  const [row] = await tx('customer_locks').where(key).increment('recorded_version').returning('recorded_version');
  return (row as { recorded_version: number }).recorded_version;
}

/** Waits for transactions that lock the customer and fails later locks, so that no record is written after the deletion. */
export const markCustomerDeleted = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, is_hard_deleted: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ is_hard_deleted: true, recorded_version: tx.raw('customer_locks.recorded_version + 1') });
