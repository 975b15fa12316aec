import { execute, newId, type BoundStatement, type Db, type NamedStatement, type Tx } from '@clientela/db';
import type { HistoryEntry } from './schema.ts';

/**
 * Builds the insert of an entry, to be executed with `historyValues`.
 * @param before the number of values before its own
 */
export function insertEntryText(before = 0): string {
  const [company_id, customer_id, id, actor_id, action, reason, changes] = [1, 2, 3, 4, 5, 6, 7].map(
    (place) => `$${before + place}`,
  );
  return `insert into customer_history (company_id, customer_id, id, at, actor_id, action, reason, changes)
    values (${company_id}::uuid, ${customer_id}::uuid, ${id}::uuid, clock_timestamp(), ${actor_id}::text, ${action}::text,
      ${reason}::text, ${changes}::jsonb)`;
}
const insertEntry: NamedStatement = { name: 'insert_history', text: insertEntryText() };

export type NewEntry = Omit<HistoryEntry, 'id' | 'at' | 'reason'> & { reason?: string | null | undefined };

/** Builds the values of `insertEntryText`. */
export const historyValues = (
  company_id: string,
  customer_id: string,
  { actor_id, action, reason = null, changes }: NewEntry,
): unknown[] => [company_id, customer_id, newId(), actor_id, action, reason, JSON.stringify(changes)];

/**
 * The statement that inserts an entry, to be executed with the events of the change. The customer must be locked, so that ids, times and
 * changes have the same order. Its time is not the start of the transaction, which may have waited for a lock.
 */
export const historyStatement = (company_id: string, customer_id: string, entry: NewEntry): BoundStatement => ({
  ...insertEntry,
  values: historyValues(company_id, customer_id, entry),
});

/** Inserts an entry without an event. */
export const insertHistory = (tx: Tx, company_id: string, customer_id: string, entry: NewEntry): Promise<unknown> =>
  execute(tx, insertEntry, historyValues(company_id, customer_id, entry));

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
