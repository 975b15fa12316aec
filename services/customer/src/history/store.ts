import { newId, type Db, type Tx } from '@clientela/db';
import type { HistoryEntry } from './schema.ts';

/** Inserts an entry; the customer must be locked, so that ids, times and changes have the same order. */
export const insertHistory = (
  tx: Tx,
  company_id: string,
  customer_id: string,
  { changes, ...entry }: Omit<HistoryEntry, 'id' | 'at'>,
): PromiseLike<unknown> =>
  tx('customer_history').insert({
    company_id,
    customer_id,
    id: newId(),
    at: tx.raw('clock_timestamp()'), // not the start of the transaction, which may have waited for a lock
    ...entry,
    changes: JSON.stringify(changes),
  });

type Row = Omit<HistoryEntry, 'reason'> & { reason: string | null };

/**
 * Lists entries of a customer, newest first.
 * @param after id of the last entry of the previous page
 */
export async function listHistory(
  db: Db,
  company_id: string,
  customer_id: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<HistoryEntry[]> {
  const query = db('customer_history')
    .select('id', 'at', 'actor_id', 'action', 'reason', 'changes')
    .where({ company_id, customer_id })
    .orderBy('id', 'desc')
    .limit(limit);
  if (after !== undefined) void query.where('id', '<', after);
  const rows = (await query) as Row[];
  return rows.map(({ reason, ...entry }) => Object.assign(entry, reason !== null && { reason }));
}
