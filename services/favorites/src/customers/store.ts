import type { Tx } from '@clientela/db';

/**
 * Holds a customer against its removal until the transaction ends.
 * @returns false when the customer was removed for good
 */
export async function holdCustomer(tx: Tx, company_id: string, customer_id: string): Promise<boolean> {
  const held = await tx('customer_locks')
    .insert({ company_id, customer_id })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: false })
    .where('customer_locks.gone', false)
    .returning('customer_id');
  return held.length > 0;
}

/** Waits for those who hold the customer, and lets nobody hold it again: what is deleted after this stays deleted. */
export const removeCustomer = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, gone: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: true });
