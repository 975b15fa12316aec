import type { Tx } from '@clientela/db';

/**
 * Locks a customer against hard deletion until the transaction ends.
 * @returns false when the customer was hard-deleted
 */
export async function lockCustomer(tx: Tx, company_id: string, customer_id: string): Promise<boolean> {
  const locked = await tx('customer_locks')
    .insert({ company_id, customer_id })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: false })
    .where('customer_locks.gone', false)
    .returning('customer_id');
  return locked.length > 0;
}

/** Waits for transactions that lock the customer and fails later locks, so that no row is written after the deletion. */
export const markCustomerDeleted = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, gone: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: true });
