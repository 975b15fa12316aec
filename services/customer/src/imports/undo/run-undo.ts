import { customersImportUndone } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { publish } from '@clientela/events';
import { changedValues } from '@clientela/http';
import { changedFields, changesBetween } from '../../customers/rules.ts';
import type { Customer } from '../../customers/schema.ts';
import type { JobControl, JobHandler, RunningJob } from '../../jobs/job-handler.ts';
import { countRows } from '../../jobs/metrics.ts';
import type { Target } from '../writer/plan.ts';
import { retryChunk } from '../writer/retry.ts';
import {
  insertImportHistory,
  lockTargets,
  searchIndexCleaner,
  startChunk,
  updateCustomers,
  type ImportEntry,
} from '../writer/store.ts';
import { keepField, revertChanges, takenField } from './rules.ts';
import {
  addUndone,
  deleteAdded,
  findNumbers,
  findUndo,
  insertUndoProblems,
  listEntries,
  lockCreated,
  markAllDeleted,
  type UndoEntry,
  type UndoProblem,
} from './store.ts';

const entriesPerChunk = 500;

/**
 * The handler of jobs of kind `customers.import.undo`. It follows the changes of the import backwards, in chunks of one transaction each, so
 * that a value which one customer gave to another is free again when its turn comes. A later attempt goes on after the last chunk.
 */
export const undoHandler =
  ({ db }: { db: Db }): JobHandler =>
  async (job, control) => {
    const { import_id, total } = job.input as { import_id: string; total: number };
    const chunk = (tx: Tx) => undoChunk(tx, job, control, { import_id, total });
    const searchIndex = searchIndexCleaner(db);
    try {
      do {
        control.signal.throwIfAborted();
        await searchIndex.start();
      } while (await retryChunk(db, chunk, control.signal));
      await searchIndex.start();
    } finally {
      await searchIndex.finish();
    }
  };

type Outcome = {
  deleted: string[];
  reverted: string[];
  history: ImportEntry[];
  problems: UndoProblem[];
  /** Problems of each entry. */
  counts: Map<string, number>;
};

/** Metadata may have thousands of keys. */
const maxProblemsOfEntry = 100;

/** @returns whether there may be more */
async function undoChunk(
  tx: Tx,
  job: RunningJob,
  control: JobControl,
  { import_id, total }: { import_id: string; total: number },
): Promise<boolean> {
  const { company_id, request_id } = job;
  const undo = await findUndo(tx, company_id, import_id);
  if (!undo) return false;
  const entries = await listEntries(tx, company_id, import_id, { before: undo.position, limit: entriesPerChunk });
  const done = undo.done + entries.length;
  const isLast = entries.length < entriesPerChunk;
  await control.saveProgress(tx, { done, total: isLast ? done : Math.max(total, done) });
  const last = entries.at(-1);
  if (!last) return false;
  await startChunk(tx, company_id);
  const outcome: Outcome = { deleted: [], reverted: [], history: [], problems: [], counts: new Map() };
  await deleteCreated(tx, company_id, import_id, entries, outcome);
  await revertUpdates(tx, company_id, entries, outcome);
  const actor = { id: job.created_by, company_id, request_id };
  const author = { actor_id: actor.id, action: customersImportUndone.name, import_id };
  await insertImportHistory(tx, company_id, author, outcome.history);
  await insertUndoProblems(tx, company_id, import_id, outcome.problems);
  countRows(tx, job.kind, { deleted: outcome.deleted.length, reverted: outcome.reverted.length });
  const { deleted, reverted } = outcome;
  const kept = new Set(outcome.problems.map(({ entry_id }) => entry_id)).size;
  await addUndone(tx, company_id, import_id, {
    position: last.id,
    done,
    deleted: deleted.length,
    reverted: reverted.length,
    kept,
  });
  await publish(tx, customersImportUndone, actor, done, { import_id, job_id: job.id, deleted, reverted, kept });
  return !isLast;
}

const addProblem = (
  { problems, counts }: Outcome,
  entry: UndoEntry,
  customer_number: number,
  { field, reason }: { field: string | null; reason: string },
): void => {
  const ordinal = counts.get(entry.id) ?? 0;
  counts.set(entry.id, ordinal + 1);
  if (ordinal > maxProblemsOfEntry) return;
  const problem = { entry_id: entry.id, ordinal, row_number: entry.row ?? 0, customer_number };
  if (ordinal < maxProblemsOfEntry) problems.push({ ...problem, field, reason });
  else problems.push({ ...problem, field: null, reason: 'has further fields that stay' });
};

/** Deletes the customers that the import created and nobody changed since. */
async function deleteCreated(
  tx: Tx,
  company_id: string,
  import_id: string,
  entries: readonly UndoEntry[],
  outcome: Outcome,
): Promise<void> {
  const created = new Map(entries.filter(({ details }) => details === null).map((entry) => [entry.customer_id, entry]));
  for (const customer of await lockCreated(tx, company_id, import_id, [...created.keys()])) {
    const entry = created.get(customer.id);
    if (!entry) continue;
    const { is_deleted, is_changed, has_records } = customer;
    const reason = is_deleted
      ? 'was deleted since'
      : is_changed
        ? 'was changed since'
        : has_records
          ? 'has orders, appointments, complaints or other records since'
          : undefined;
    if (reason !== undefined) {
      addProblem(outcome, entry, customer.number, { field: null, reason });
      continue;
    }
    outcome.deleted.push(customer.id);
    const changes = [{ field: 'status', from: customer.status, to: 'deleted' }];
    outcome.history.push({ customer_id: customer.id, row: entry.row ?? 0, changes, details: null });
  }
  if (outcome.deleted.length > 0) await markAllDeleted(tx, company_id, outcome.deleted);
}

/** A customer that the import changed, with the entries to undo, the last first. */
type Reverted = { target: Target; entries: UndoEntry[]; losesTags: boolean };

/** Gives updated customers back what they had before, where they still have what the import gave them. */
async function revertUpdates(
  tx: Tx,
  company_id: string,
  entries: readonly UndoEntry[],
  outcome: Outcome,
): Promise<void> {
  const deleted = new Set(outcome.deleted);
  const updates = entries.filter(({ details, customer_id }) => details !== null && !deleted.has(customer_id));
  if (updates.length === 0) return;
  const customer_ids = [...new Set(updates.map(({ customer_id }) => customer_id))];
  const byId = new Map<string, Reverted>(
    (await lockTargets(tx, company_id, customer_ids)).map((target) => [
      target.id,
      { target, entries: [], losesTags: false },
    ]),
  );
  const numbers = new Map((await findNumbers(tx, company_id, customer_ids)).map(({ id, number }) => [id, number]));
  for (const entry of updates) {
    const customer = byId.get(entry.customer_id);
    const number = numbers.get(entry.customer_id) ?? 0;
    if (!customer) {
      addProblem(outcome, entry, number, { field: null, reason: 'was deleted since' });
      continue;
    }
    const { record, kept } = revertChanges(customer.target.record, entry.changes, entry.details?.before);
    for (const one of kept) addProblem(outcome, entry, number, one);
    customer.target.record = record;
    customer.entries.push(entry);
  }
  const added = (kind: 'tags' | 'notes') => updates.flatMap(({ details }) => details?.[kind] ?? []);
  const found = { customer_ids: [...byId.keys()] };
  const untagged = await deleteAdded(tx, 'customer_tags', company_id, { ...found, ids: added('tags') });
  for (const { customer_id } of untagged) Object.assign(byId.get(customer_id) ?? {}, { losesTags: true });
  const withoutNotes = await deleteAdded(tx, 'customer_notes', company_id, { ...found, ids: added('notes') });
  const customers = [...byId.values()];
  const labels = await updateReverted(tx, company_id, customers, outcome);
  const lostNotes = new Set(withoutNotes.map(({ customer_id }) => customer_id));
  for (const { target, entries: own, losesTags } of customers) {
    const { id, before, record } = target;
    const fields = Object.keys(changedValues(record, before.record));
    if (fields.length === 0 && !losesTags && !lostNotes.has(id)) continue;
    const [from, to] = [before.record, record].map((one) => one as unknown as Customer) as [Customer, Customer];
    const tagChange = losesTags ? [{ field: 'tags', from: [...before.tags], to: labels.get(id) ?? [] }] : [];
    const changes = [...changesBetween(from, to, changedFields(fields)), ...tagChange];
    outcome.reverted.push(id);
    outcome.history.push({ customer_id: id, row: own.at(-1)?.row ?? 0, changes, details: null });
  }
}

const toWrite = ({ target, losesTags }: Reverted): Target => ({ ...target, addedLabels: losesTags ? ['removed'] : [] });

/**
 * Writes reverted records in one statement. When another customer has one of the values, they are written one by one, and what cannot be
 * reverted stays.
 */
async function updateReverted(
  tx: Tx,
  company_id: string,
  customers: readonly Reverted[],
  outcome: Outcome,
): Promise<Map<string, string[]>> {
  const changed = customers.filter(
    ({ target, losesTags }) => losesTags || Object.keys(changedValues(target.record, target.before.record)).length > 0,
  );
  try {
    return await tx.transaction((savepoint) => updateCustomers(savepoint, company_id, changed.map(toWrite)));
  } catch (error) {
    if (takenField(error) === undefined) throw error;
  }
  const labels = new Map<string, string[]>();
  const inOrder = changed.toSorted((a, b) => ((a.entries[0]?.id ?? '') < (b.entries[0]?.id ?? '') ? 1 : -1));
  for (const customer of inOrder) {
    for (;;) {
      try {
        const written = await tx.transaction((savepoint) =>
          updateCustomers(savepoint, company_id, [toWrite(customer)]),
        );
        for (const [id, tags] of written) labels.set(id, tags);
        break;
      } catch (error) {
        const field = takenField(error);
        const { target, entries } = customer;
        if (field === undefined) throw error;
        target.record = keepField(target.before.record, target.record, field);
        const entry = entries.find(({ changes }) => changes.some((change) => change.field === field)) ?? entries[0];
        if (entry)
          addProblem(outcome, entry, target.number ?? 0, { field, reason: 'belongs to another customer since' });
      }
    }
  }
  return labels;
}
