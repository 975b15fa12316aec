import type { Db, Tx } from '@clientela/db';

/** The tables that hold a customer's rows, the customer last: it is what they hang on. */
const tables = [
  ['customer_notes', 'customer_id'],
  ['customer_history', 'customer_id'],
  ['customer_tags', 'customer_id'],
  ['customer_counters', 'customer_id'],
  ['customers', 'id'],
] as const;

/**
 * Removes a customer, whose row is locked, and all that hangs on it. Its picture is discarded by the database.
 * @returns how many rows went, by table
 */
export async function deleteRowsOf(tx: Tx, company_id: string, customer_id: string): Promise<Record<string, number>> {
  // However much was written about the person, it goes at once; what others wait for is this one row.
  await tx.raw(`set local statement_timeout = '60s'`);
  const gone: Record<string, number> = {};
  for (const [table, key] of tables)
    gone[table] = await tx(table)
      .where({ company_id, [key]: customer_id })
      .delete();
  return gone;
}

/** The customer records of a user, but for one. */
export const listOtherRecords = (
  db: Db,
  company_id: string,
  user_id: string,
  but: string | null,
): PromiseLike<{ id: string; number: number }[]> => {
  const found = db('customers').select('id', 'number').where({ company_id, user_id }).orderBy('id');
  if (but !== null) void found.whereNot({ id: but });
  return found;
};
