import { newId, type Tx } from '@clientela/db';
import type { HistoryEntry } from './schema.ts';

export const insertHistory = (
  tx: Tx,
  company_id: string,
  customer_id: string,
  { changes, ...entry }: Omit<HistoryEntry, 'at'>,
): PromiseLike<unknown> =>
  tx('customer_history').insert({ company_id, customer_id, id: newId(), ...entry, changes: JSON.stringify(changes) });
