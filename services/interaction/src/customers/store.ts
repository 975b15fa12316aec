import type { Tx } from '@clientela/db';

/** A customer who is held, and how often what its counters count had changed. */
export type Held = { company_id: string; customer_id: string; changes: number };

/**
 * Holds a customer until the transaction ends: against its removal, and against others who change what is recorded of it. It is held before
 * any of its records.
 * @returns undefined when the customer was removed for good
 */
export async function holdCustomer(tx: Tx, company_id: string, customer_id: string): Promise<Held | undefined> {
  const [held] = await tx('customer_locks')
    .insert({ company_id, customer_id })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: false })
    .where('customer_locks.gone', false)
    .returning(['company_id', 'customer_id', 'changes']);
  return held as Held | undefined;
}

/**
 * How often what a customer's counters count has changed, this time included if it does.
 * @param counted whether what is written in this transaction is counted
 */
export async function changesAfter(tx: Tx, { changes, ...key }: Held, counted: boolean): Promise<number> {
  if (!counted) return changes;
  const [row] = await tx('customer_locks').where(key).increment('changes').returning('changes');
  return (row as { changes: number }).changes;
}

/** Waits for those who hold the customer, and lets nobody hold it again: what is deleted after this stays deleted, and counts no more. */
export const removeCustomer = (tx: Tx, company_id: string, customer_id: string): Promise<unknown> =>
  tx('customer_locks')
    .insert({ company_id, customer_id, gone: true })
    .onConflict(['company_id', 'customer_id'])
    .merge({ gone: true, changes: tx.raw('customer_locks.changes + 1') });
