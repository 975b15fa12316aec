import type { ErasureReport, Person } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import { redactAllStoredResponses, redactStoredResponses, storedResponsesTable } from '@clientela/http';
import { readCatalog, type Catalog } from './catalog.ts';
import { isErased, type DataInventory } from './inventory.ts';
import { buildReport } from './report.ts';
import { eraseBatch, eraseTable, stepName, type BatchResult } from './steps.ts';
import { finishErasure, lockErasure, saveProgress, type Progress } from './store.ts';

export type ErasureRequest = { request_id: string; person: Person };
type RunInTransaction = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Erases a person from this service, in many transactions: the first writes the tombstones and erases the tables with `atStart`; each
 * later one changes at most 2,000 rows of the other tables, in order. Every transaction saves its progress and row counts, so an
 * interrupted request resumes there. A finished request always returns the same report. Serializes concurrent calls for one request.
 * @throws AppError 503 when the signal aborts it before the end (a repeat continues); 422 when the request names another person
 */
export async function erasePerson(
  inTransaction: RunInTransaction,
  inventory: DataInventory,
  request: ErasureRequest,
  signal?: AbortSignal,
): Promise<ErasureReport> {
  const catalog = await inTransaction(readCatalog);
  for (;;) {
    const report = await inTransaction((tx) => advanceErasure(tx, catalog, inventory, request));
    if (report) return report;
    if (signal?.aborted)
      throw unavailable('The erasure is not finished; repeat the request to continue', { retryAfter: 1 });
  }
}

/** Erases a person's rows and stored responses within the caller's transaction, by the same policies as an erasure. For hard deletes. */
export async function eraseRows(tx: Tx, inventory: DataInventory, person: Person): Promise<void> {
  const catalog = await readCatalog(tx);
  for (const table of inventory.tables.filter(isErased)) await eraseTable(tx, catalog, table, person);
  await redactAllStoredResponses(tx, person);
}

/** Runs one transaction of an erasure. @returns the report, once no step is left */
async function advanceErasure(
  tx: Tx,
  catalog: Catalog,
  inventory: DataInventory,
  { request_id, person: requested }: ErasureRequest,
): Promise<ErasureReport | undefined> {
  const erasure = await lockErasure(tx, request_id, requested);
  const ids = ['company_id', 'customer_id', 'customer_number', 'user_id'] as const;
  if (ids.some((id) => erasure.person[id] !== requested[id]))
    throw invalid([{ path: 'person', message: 'is not the person of this request' }]);
  if (erasure.report) return erasure.report;
  const key = { company_id: requested.company_id, request_id };

  if (!erasure.resolved_person || !erasure.progress) {
    const person = (await inventory.resolvePerson?.(tx, requested)) ?? requested;
    const kept = (await inventory.onStart?.(tx, person, request_id)) ?? [];
    const progress: Progress = { step: null, after: null, rows: {}, finished: [], kept };
    for (const table of inventory.tables.filter(({ atStart }) => atStart)) {
      progress.rows[stepName(table)] = await eraseTable(tx, catalog, table, person);
      progress.finished.push(stepName(table));
    }
    await saveProgress(tx, key, { resolved_person: person, progress });
    return undefined;
  }
  const { resolved_person: person, progress } = erasure;
  const steps = [...inventory.tables.map(stepName), storedResponsesTable];
  const step = steps.find((name) => !progress.finished.includes(name));
  if (step === undefined) return finishErasure(tx, key, buildReport(inventory, catalog, progress));
  const table = inventory.tables.find((policy) => stepName(policy) === step);
  const after = progress.step === step ? progress.after : null;
  const batch = table ? await eraseBatch(tx, catalog, table, person, after) : await redactStoredResponses(tx, person);
  await saveProgress(tx, key, { progress: nextProgress(progress, step, batch) });
  return undefined;
}

const nextProgress = ({ rows, finished, kept }: Progress, step: string, batch: BatchResult): Progress => ({
  step,
  after: batch.after,
  rows: { ...rows, [step]: (rows[step] ?? 0) + batch.rows },
  finished: batch.isLast ? [...finished, step] : finished,
  kept,
});
