import type { ErasureReport, Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import type { Keyset } from './person-rows.ts';

/** How far an erasure has come. */
export type Progress = {
  /** The step that was worked on last. */
  at: string | null;
  /** Where that one goes on. */
  after: Keyset | null;
  /** How many rows each step has touched. */
  rows: Record<string, number>;
  done: string[];
};
export type Erasure = {
  requested: Person;
  person: Person | null;
  progress: Progress | null;
  report: ErasureReport | null;
};
type Where = { company_id: string; request_id: string };

const columns = ['asked', 'person', 'progress', 'report'] as const;

/** The row of a request, made when it is new, and held until the transaction ends. */
export async function lockErasure(tx: Tx, request_id: string, requested: Person): Promise<Erasure> {
  const where = { company_id: requested.company_id, request_id };
  const hold = async (): Promise<Erasure | undefined> => tx('erasures').where(where).forUpdate().first(columns);
  const known = await hold();
  if (known) return known;
  await tx('erasures')
    .insert({ ...where, requested: requested })
    .onConflict(['company_id', 'request_id'])
    .ignore();
  return (await hold()) as Erasure;
}

export const saveErasure = (tx: Tx, where: Where, saved: { person: Person; progress: Progress }): Promise<number> =>
  tx('erasures').where(where).update(saved);

export async function finishErasure(
  tx: Tx,
  where: Where,
  report: Omit<ErasureReport, 'done_at'>,
): Promise<ErasureReport> {
  const [row] = await tx('erasures')
    .where(where)
    .update({ done_at: tx.fn.now() })
    .returning<{ done_at: string }[]>('done_at');
  const { service, ...touched } = report;
  const said: ErasureReport = { service, done_at: (row as { done_at: string }).done_at, ...touched };
  await tx('erasures')
    .where(where)
    .update({ report: JSON.stringify(said) });
  return said;
}
