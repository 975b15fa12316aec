import type { ErasureReport, Person } from '@clientela/contracts';
import type { KeysetValues, Tx } from '@clientela/db';

/** The progress of an erasure. */
export type Progress = {
  /** The current step; null before the first. */
  step: string | null;
  /** The key after which the current step continues. */
  after: KeysetValues | null;
  /** Rows counted so far, by step. */
  rows: Record<string, number>;
  finished: string[];
  /** The rows that `onStart` keeps, for the report. */
  kept: ErasureReport['kept'];
};
export type Erasure = {
  person: Person;
  /** The ids of the person that this service acts on; null before the first transaction. */
  resolved_person: Person | null;
  progress: Progress | null;
  report: ErasureReport | null;
};
type RequestKey = { company_id: string; request_id: string };

const columns = ['person', 'resolved_person', 'progress', 'report'] as const;

/** Locks the row of a request until the transaction ends; inserts it for a new request. */
export async function lockErasure(tx: Tx, request_id: string, person: Person): Promise<Erasure> {
  const key = { company_id: person.company_id, request_id };
  const lock = async (): Promise<Erasure | undefined> => tx('erasures').where(key).forUpdate().first(columns);
  const existing = await lock();
  if (existing) return existing;
  await tx('erasures')
    .insert({ ...key, person })
    .onConflict(['company_id', 'request_id'])
    .ignore();
  return (await lock()) as Erasure;
}

export const saveProgress = (
  tx: Tx,
  key: RequestKey,
  changes: { resolved_person?: Person; progress: Progress },
): Promise<number> => tx('erasures').where(key).update(changes);

export async function finishErasure(
  tx: Tx,
  key: RequestKey,
  { service, ...lines }: Omit<ErasureReport, 'done_at'>,
): Promise<ErasureReport> {
  const [row] = await tx('erasures')
    .where(key)
    .update({ done_at: tx.fn.now() })
    .returning<{ done_at: string }[]>('done_at');
  const report: ErasureReport = { service, done_at: (row as { done_at: string }).done_at, ...lines };
  await tx('erasures')
    .where(key)
    .update({ report: JSON.stringify(report) });
  return report;
}
