import type { Tx } from '@clientela/db';

/**
 * Locks a customer against hard deletion until the transaction ends.
 * @returns false when the customer was hard-deleted
 */
export async function lockCustomer(tx: Tx, company_id: string, customer_id: string): Promise<boolean> {
  const locked = await tx('customer_locks')
    .insert({ company_id, customer_id })
    .onConflict(['company_id', 'customer_id'])
    .merge({ is_hard_deleted: false })
    .where('customer_locks.is_hard_deleted', false)
    .returning('customer_id');
  return locked.length > 0;
}

/** Waits for transactions that lock the customer and fails later locks, so that no row is written after the deletion. */
export const markCustomerDeleted = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, is_hard_deleted: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ is_hard_deleted: true });
