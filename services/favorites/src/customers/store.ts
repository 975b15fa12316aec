import { execute, type NamedStatement, type Tx } from '@clientela/db';

const lockStatement: NamedStatement = {
  name: 'lock_customer',
  text: `insert into customer_locks (company_id, customer_id) values ($1, $2)
    on conflict (company_id, customer_id) do update set is_hard_deleted = false where not customer_locks.is_hard_deleted
    returning customer_id`,
};

/**
 * Locks a customer against hard deletion until the transaction ends.
 * @returns false when the customer was hard-deleted
 */
export const lockCustomer = async (tx: Tx, company_id: string, customer_id: string): Promise<boolean> =>
  (await execute(tx, lockStatement, [company_id, customer_id])).length > 0;

/** Waits for transactions that lock the customer and fails later locks, so that no row is written after the deletion. */
export const markCustomerDeleted = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, is_hard_deleted: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ is_hard_deleted: true });
