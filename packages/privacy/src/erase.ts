import type { ErasureReport, Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import { readCatalog } from './catalog.ts';
import { finishErasure, holdErasure, saveErasure, type Progress } from './erasures.ts';
import { reportOf } from './report.ts';
import { erase, nameOf } from './steps.ts';
import type { Privacy } from './tables.ts';

export type ErasureRequest = { request_id: string; person: Person };
type Transact = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Erases a person from this service, in many transactions: the tombstone first, then the tables in their order, at most 5,000 rows each.
 * How far it has come is kept with each, so that a request that was cut off goes on where it was, and one that is done says the same
 * report for ever. Two who ask at once take turns.
 * @param transact opens a transaction
 * @throws AppError 503 when the signal ended it before the end: ask again; 422 when the request was another person's
 */
export async function erasePerson(
  transact: Transact,
  privacy: Privacy,
  request: ErasureRequest,
  signal?: AbortSignal,
): Promise<ErasureReport> {
  for (;;) {
    const report = await transact((tx) => advance(tx, privacy, request));
    if (report) return report;
    if (signal?.aborted)
      throw unavailable('The erasure is not done yet; ask again, and it goes on', { retry_after: 1 });
  }
}

/** One transaction of an erasure. @returns the report, once there is nothing left to do */
async function advance(
  tx: Tx,
  privacy: Privacy,
  { request_id, person: asked }: ErasureRequest,
): Promise<ErasureReport | undefined> {
  const erasure = await holdErasure(tx, request_id, asked);
  const ids = ['company_id', 'customer_id', 'customer_number', 'user_id'] as const;
  if (ids.some((id) => erasure.asked[id] !== asked[id]))
    throw invalid([{ path: 'person', message: 'is not the one of this request' }]);
  if (erasure.report) return erasure.report;
  const where = { company_id: asked.company_id, request_id };

  if (!erasure.person || !erasure.progress) {
    const person = (await privacy.whom?.(tx, asked)) ?? asked;
    await privacy.begin?.(tx, person, request_id);
    await saveErasure(tx, where, { person, progress: { at: null, after: null, rows: {}, done: [] } });
    return undefined;
  }
  const { person, progress } = erasure;
  const table = privacy.tables.find((one) => !progress.done.includes(nameOf(one)));
  if (table) {
    const name = nameOf(table);
    const after = progress.at === name ? progress.after : null;
    const { rows, over, after: next } = await erase(tx, await readCatalog(tx), table, person, after);
    const moved: Progress = {
      at: name,
      after: next,
      rows: { ...progress.rows, [name]: (progress.rows[name] ?? 0) + rows },
      done: over ? [...progress.done, name] : progress.done,
    };
    await saveErasure(tx, where, { person, progress: moved });
    return undefined;
  }
  return finishErasure(tx, where, reportOf(privacy, await readCatalog(tx), progress.rows));
}
