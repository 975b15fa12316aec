import { newId, type Db, type Tx } from '@clientela/db';
import type { HistoryEntry } from './schema.ts';

/** Under the lock of its customer, so that the order of ids, that of times and that of what happened are one. */
export const insertHistory = (
  tx: Tx,
  company_id: string,
  customer_id: string,
  { changes, ...entry }: Omit<HistoryEntry, 'at'>,
): PromiseLike<unknown> =>
  tx('customer_history').insert({
    company_id,
    customer_id,
    id: newId(),
    at: tx.raw('clock_timestamp()'), // not when the transaction began: it may have waited for another one
    ...entry,
    changes: JSON.stringify(changes),
  });

type Row = Omit<HistoryEntry, 'reason'> & { id: string; reason: string | null };

/**
 * What happened to a customer, the newest first; never more than `limit` entries.
 * @param after the id of the entry where the page before ended
 */
export async function listHistory(
  db: Db,
  company_id: string,
  customer_id: string,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<{ id: string; entry: HistoryEntry }[]> {
  const found = db('customer_history')
    .select('id', 'at', 'actor_id', 'action', 'reason', 'changes')
    .where({ company_id, customer_id })
    .orderBy('id', 'desc')
    .limit(limit);
  if (after !== undefined) void found.where('id', '<', after);
  const rows = (await found) as Row[];
  return rows.map(({ id, reason, ...entry }) => ({ id, entry: { ...entry, ...(reason !== null && { reason }) } }));
}
