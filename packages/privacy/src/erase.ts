import type { ErasureReport, Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import { storedResponsesTable, redactStoredResponses } from '@clientela/http';
import { readCatalog, type Catalog } from './catalog.ts';
import { finishErasure, holdErasure, saveErasure, type Progress } from './erasures.ts';
import { reportOf } from './report.ts';
import { erase, goneFirst, nameOf, type Done } from './steps.ts';
import { isErased, type DataInventory } from './inventory.ts';

export type ErasureRequest = { request_id: string; person: Person };
type Transact = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Erases a person from this service, in many transactions: the tombstone first, then the tables in their order, at most 2,000 rows each.
 * How far it has come is kept with each, so that a request that was cut off goes on where it was, and one that is done says the same
 * report for ever. Two who ask at once take turns.
 * @param transact opens a transaction
 * @throws AppError 503 when the signal ended it before the end: ask again; 422 when the request was another person's
 */
export async function erasePerson(
  transact: Transact,
  privacy: DataInventory,
  request: ErasureRequest,
  signal?: AbortSignal,
): Promise<ErasureReport> {
  const catalog = await transact(readCatalog);
  for (;;) {
    const report = await transact((tx) => advance(tx, catalog, privacy, request));
    if (report) return report;
    if (signal?.aborted) throw unavailable('The erasure is not done yet; ask again, and it goes on', { retryAfter: 1 });
  }
}

/**
 * Erases a person's rows within a transaction that somebody else holds, as a customer's removal for good does: what goes goes, and what
 * stays stays without the person, exactly as in an erasure.
 */
export async function eraseRows(tx: Tx, privacy: DataInventory, person: Person): Promise<void> {
  const catalog = await readCatalog(tx);
  for (const table of privacy.tables.filter(isErased)) {
    for (let part: Done | undefined; !part?.over;) part = await erase(tx, catalog, table, person, part?.after ?? null);
  }
}

/** One transaction of an erasure. @returns the report, once there is nothing left to do */
async function advance(
  tx: Tx,
  catalog: Catalog,
  privacy: DataInventory,
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
    const rows = Object.entries((await privacy.begin?.(tx, person, request_id)) ?? {});
    const begun = Object.fromEntries(rows.map(([table, count]) => [goneFirst(table), count]));
    await saveErasure(tx, where, { person, progress: { at: null, after: null, rows: begun, done: [] } });
    return undefined;
  }
  const { person, progress } = erasure;
  const name = [...privacy.tables.map(nameOf), storedResponsesTable].find((one) => !progress.done.includes(one));
  if (name) {
    const table = privacy.tables.find((one) => nameOf(one) === name);
    const after = progress.at === name ? progress.after : null;
    const part = table
      ? await erase(tx, catalog, table, person, after)
      : await redactStoredResponses(tx, person).then(({ isLast, ...batch }) => ({ ...batch, over: isLast }));
    await saveErasure(tx, where, { person, progress: moved(progress, name, part) });
    return undefined;
  }
  return finishErasure(tx, where, reportOf(privacy, catalog, progress.rows));
}

const moved = ({ rows, done }: Progress, name: string, part: Done): Progress => ({
  at: name,
  after: part.after,
  rows: { ...rows, [name]: (rows[name] ?? 0) + part.rows },
  done: part.over ? [...done, name] : done,
});
