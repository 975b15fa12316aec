import { customersImported } from '@clientela/contracts';
import { newId, type Tx } from '@clientela/db';
import { publish } from '@clientela/events';
import { changedValues } from '@clientela/http';
import { countCreated } from '../../customers/metrics.ts';
import type { Customer } from '../../customers/schema.ts';
import { changedFields, changesBetween } from '../../customers/rules.ts';
import { findSuppressed } from '../../tombstones/suppression-list.ts';
import type { SourceRecord } from '../source-record.ts';
import {
  findMatch,
  isUnidentified,
  nameKey,
  planChunk,
  type Holder,
  type Plan,
  type State,
  type Target,
} from './plan.ts';
import { identityFields, isAscii, prepareRecords, type PreparedRecord, type ValidRecord } from './prepare.ts';
import { LostRaceError } from './retry.ts';
import type { ChunkResult, ImportContext } from './schema.ts';
import {
  compareInDatabase,
  findDeletedIds,
  findDrafts,
  findErasedUsers,
  findHolders,
  findNotes,
  findUnidentified,
  hasFingerprints,
  insertCustomers,
  insertImportHistory,
  insertNoteRows,
  insertTagRows,
  startChunk,
  lockTargets,
  saveDrafts,
  updateCustomers,
  type AddedNote,
  type AddedTag,
  type DraftRow,
  type ImportEntry,
  type KeyField,
} from './store.ts';

/**
 * Turns a chunk of records into customers, in the given transaction. Run it with `retryChunk`.
 * @param records at most `maxChunkRecords`, in file order
 */
export const writeChunk = (tx: Tx, context: ImportContext, records: readonly SourceRecord[]): Promise<ChunkResult> =>
  writePrepared(tx, context, prepareRecords(context, records));

/** Like `writeChunk`, for records that were prepared while the database was busy with an earlier chunk. */
export async function writePrepared(
  tx: Tx,
  context: ImportContext,
  prepared: readonly PreparedRecord[],
): Promise<ChunkResult> {
  const { company_id } = context.actor;
  await startChunk(tx, company_id);
  await compareNonAscii(tx, prepared);
  const result: ChunkResult = {
    created: 0,
    updated: 0,
    skipped: 0,
    failed: 0,
    warnings: 0,
    emails_taken: 0,
    ids: { created: [], updated: [] },
    problems: [],
  };
  let rest = prepared;
  while (rest.length > 0) {
    const state = await loadState(tx, context, rest);
    const plan = planChunk(context, rest, state, newId);
    if (context.dry_run) await saveDrafts(tx, company_id, context.import_id, [...plan.created, ...plan.changed]);
    else await applyPlan(tx, context, plan);
    addToResult(context, result, plan);
    rest = rest.slice(plan.planned);
  }
  if (!context.dry_run) await publishImported(tx, context, prepared, result);
  return result;
}

/** Replaces compared forms that JavaScript and the database may compute differently. */
async function compareNonAscii(tx: Tx, prepared: readonly PreparedRecord[]): Promise<void> {
  const records = prepared.filter(
    (one): one is ValidRecord =>
      'record' in one &&
      ![one.record.email, one.record.document_number].every((value) => value === null || isAscii(value)),
  );
  if (records.length === 0) return;
  const compared = await compareInDatabase(
    tx,
    records.map(({ record: { email, document_type, document_number } }) => ({ email, document_type, document_number })),
  );
  for (const [index, { identity }] of records.entries()) Object.assign(identity, compared[index]);
}

const isValid = (record: PreparedRecord): record is ValidRecord => 'record' in record;

async function loadState(tx: Tx, context: ImportContext, prepared: readonly PreparedRecord[]): Promise<State> {
  const { company_id } = context.actor;
  const records = prepared.filter(isValid);
  const values = valuesOf(records);
  const state: State = {
    holders: {
      email: new Map(),
      phone: new Map(),
      external_id: new Map(),
      document_number: new Map(),
      user_id: new Map(),
      number: new Map(),
    },
    unidentified: new Map(),
    targets: new Map(),
    suppressed: await findErased(tx, context, records),
    deletedIds: context.taken_values === 'skip' ? await findDeletedIds(tx, company_id, values.external_id) : new Set(),
  };
  const unidentified = records.filter(({ identity }) => isUnidentified(identity)).map(({ record }) => record);
  const found = await findHolders(tx, company_id, values);
  for (const { field, value, id, number } of found)
    state.holders[field].set(value, { id, number: number ?? undefined });
  for (const { id, number, ...names } of await findUnidentified(tx, company_id, unidentified))
    state.unidentified.set(nameKey(names), { id, number: number ?? undefined });
  const drafts = context.dry_run ? await loadDrafts(tx, context, records, values, state) : [];
  if (context.on_match === 'update') await loadTargets(tx, context, records, state, drafts);
  return state;
}

function valuesOf(records: readonly ValidRecord[]): Record<KeyField, string[]> {
  const values: Record<KeyField, string[]> = {
    email: [],
    phone: [],
    external_id: [],
    document_number: [],
    user_id: [],
    number: [],
  };
  for (const { identity, onlyForNew } of records) {
    for (const field of identityFields) if (identity[field] !== null) values[field].push(identity[field]);
    if (onlyForNew.number !== undefined) values.number.push(String(onlyForNew.number));
  }
  return values;
}

/** Finds the fields of each row whose value belonged to an erased person. */
async function findErased(
  tx: Tx,
  { actor: { company_id }, fingerprints }: ImportContext,
  records: readonly ValidRecord[],
): Promise<Map<number, string[]>> {
  const erased = new Map<number, string[]>();
  const add = (row: number, fields: readonly string[]) => {
    if (fields.length > 0) erased.set(row, [...(erased.get(row) ?? []), ...fields]);
  };
  if (await hasFingerprints(tx, company_id)) {
    const fields = await findSuppressed(
      tx,
      fingerprints,
      company_id,
      records.map(({ record }) => record),
    );
    for (const [index, { row }] of records.entries()) add(row, fields[index] ?? []);
  }
  const ofUsers = records.filter(({ record }) => record.user_id !== null);
  if (ofUsers.length === 0) return erased;
  const users = new Set(
    await findErasedUsers(
      tx,
      company_id,
      ofUsers.map(({ record }) => record.user_id ?? ''),
    ),
  );
  for (const { row, record } of ofUsers) if (users.has(record.user_id ?? '')) add(row, ['user_id']);
  return erased;
}

/** Locks the customers that records match, and replaces what the lookup found by their state under the lock. */
async function loadTargets(
  tx: Tx,
  context: ImportContext,
  records: readonly ValidRecord[],
  state: State,
  drafts: readonly Target[],
): Promise<void> {
  const { company_id } = context.actor;
  const matching = records.flatMap((record) => {
    const match = findMatch(context, record, state);
    return match ? [{ match, notes: record.notes }] : [];
  });
  const drafted = new Set(drafts.map(({ id }) => id));
  const ids = [...new Set(matching.map(({ match }) => match.id))].filter((id) => !drafted.has(id));
  const locked = await lockTargets(tx, company_id, ids);
  replaceHolders(state, new Set(ids), locked);
  const targets = [...locked, ...drafts];
  for (const target of targets) state.targets.set(target.id, target);
  const notes = matching.flatMap((one) => one.notes);
  for (const { customer_id, content } of await findNotes(
    tx,
    company_id,
    targets.map(({ id }) => id),
    notes,
  ))
    state.targets.get(customer_id)?.knownNotes.add(content);
}

/** Removes everything that the lookup found of the customers, and adds what they have now. */
function replaceHolders(state: State, ids: ReadonlySet<string>, targets: readonly Target[]): void {
  if (ids.size === 0) return;
  for (const map of [...Object.values(state.holders), state.unidentified])
    for (const [value, { id }] of map) if (ids.has(id)) map.delete(value);
  for (const target of targets) {
    for (const field of identityFields)
      if (target.identity[field] !== null) state.holders[field].set(target.identity[field], target);
    if (target.number !== undefined) state.holders.number.set(String(target.number), target);
    const key = nameKey(target.record);
    if (isUnidentified(target.identity) && !state.unidentified.has(key)) state.unidentified.set(key, target);
  }
}

/** Puts the drafts of earlier chunks over what the database has. */
async function loadDrafts(
  tx: Tx,
  { actor: { company_id }, import_id }: ImportContext,
  records: readonly ValidRecord[],
  values: Record<KeyField, string[]>,
  state: State,
): Promise<Target[]> {
  const found = [...Object.values(state.holders), state.unidentified].flatMap((map) => Array.from(map.values()));
  const names = records.filter(({ identity }) => isUnidentified(identity)).map(({ record }) => record.full_name ?? '');
  const ids = found.map(({ id }) => id);
  const drafts = (await findDrafts(tx, company_id, import_id, values, names, ids)).map(toTarget);
  replaceHolders(state, new Set(drafts.map(({ id }) => id)), drafts);
  return drafts;
}

const toTarget = ({ customer_id, number, record, ...keys }: DraftRow): Target => ({
  ...record,
  id: customer_id,
  number: number ?? undefined,
  isNew: false,
  identity: {
    email: keys.email_key,
    phone: keys.phone_key,
    external_id: keys.external_id,
    document_number: keys.document_key,
    user_id: keys.user_id,
  },
  addedLabels: [],
  knownNotes: new Set(record.addedNotes),
});

/** Stores a plan: updates first, because they free values that new customers may have. */
async function applyPlan(tx: Tx, context: ImportContext, { created, changed }: Plan): Promise<void> {
  const { actor, import_id } = context;
  const { company_id } = actor;
  if (created.length + changed.length === 0) return;
  const inserting = created.length > 0 ? () => insertNew(tx, context, created) : async () => {};
  const tags: AddedTag[] = [...changed, ...created].flatMap((target) =>
    target.addedLabels.map((label) => ({
      id: newId(),
      customer_id: target.id,
      label,
      created_at: target.created_at,
      is_listed: target.status === 'active',
    })),
  );
  const notes: AddedNote[] = [...changed, ...created].flatMap(({ id, addedNotes }) =>
    addedNotes.map((content) => ({ id: newId(), customer_id: id, content })),
  );
  const changedIds = new Set(changed.map(({ id }) => id));
  await insertTagRows(
    tx,
    company_id,
    actor.id,
    tags.filter(({ customer_id }) => changedIds.has(customer_id)),
  );
  const rewritten = changed.filter(isRewritten);
  const labels = await updateCustomers(tx, company_id, rewritten);
  await inserting();
  await insertTagRows(
    tx,
    company_id,
    actor.id,
    tags.filter(({ customer_id }) => !changedIds.has(customer_id)),
  );
  await insertNoteRows(tx, company_id, actor.id, notes);
  const entries = [
    ...created.map(({ id, row = 0 }): ImportEntry => ({ customer_id: id, row, changes: [], details: null })),
    ...changed.map((target) => toEntry(target, labels.get(target.id), tags, notes)),
  ];
  await insertImportHistory(tx, company_id, { actor_id: actor.id, action: customersImported.name, import_id }, entries);
  countCreated(tx, { customers: created.length, tags: tags.length, notes: notes.length });
}

/** Whether the record itself changes; a note alone leaves it, and its version, as they are. */
const isRewritten = ({ record, before, addedLabels }: Target) => record !== before.record || addedLabels.length > 0;

/** @throws LostRaceError when another transaction has taken a value, or erased a person, since the lookup */
async function insertNew(tx: Tx, context: ImportContext, created: readonly Target[]): Promise<void> {
  const { actor, company, fingerprints } = context;
  const inserted = await insertCustomers(tx, actor.company_id, company.currency, created);
  if (inserted.length < created.length) throw new LostRaceError();
  // Checked after the insert too: an erasure that held one of the values has committed by then.
  if (await hasFingerprints(tx, actor.company_id)) {
    const fields = await findSuppressed(
      tx,
      fingerprints,
      actor.company_id,
      created.map(({ record }) => record),
    );
    if (fields.some(({ length }) => length > 0)) throw new LostRaceError();
  }
  const numbers = new Map(inserted.map(({ id, number }) => [id, number]));
  for (const target of created) target.number = numbers.get(target.id);
}

function toEntry(
  target: Target,
  labels: readonly string[] | undefined,
  tags: readonly AddedTag[],
  notes: readonly AddedNote[],
): ImportEntry {
  const { id, before, record, row = 0 } = target;
  const fields = Object.keys(changedValues(record, before.record));
  const [from, to] = [before.record, record].map((one) => one as unknown as Customer) as [Customer, Customer];
  const tagChange =
    target.addedLabels.length > 0 ? [{ field: 'tags', from: [...before.tags], to: [...(labels ?? before.tags)] }] : [];
  const hidden = fields.filter((field) => field === 'full_name_built' || field === 'phone_typed');
  return {
    customer_id: id,
    row,
    changes: [...changesBetween(from, to, changedFields(fields)), ...tagChange],
    details: {
      version: before.version + (isRewritten(target) ? 1 : 0),
      tags: tags.filter(({ customer_id }) => customer_id === id).map((tag) => tag.id),
      notes: notes.filter(({ customer_id }) => customer_id === id).map((note) => note.id),
      ...(hidden.length > 0 && {
        before: Object.fromEntries(hidden.map((field) => [field, before.record[field as keyof typeof before.record]])),
      }),
    },
  };
}

function addToResult(
  { dry_run }: ImportContext,
  result: ChunkResult,
  { counts, created, changed, problems }: Plan,
): void {
  for (const outcome of ['created', 'updated', 'skipped', 'failed', 'warnings', 'emails_taken'] as const)
    result[outcome] += counts[outcome];
  if (!dry_run) {
    const isListed = new Set([...result.ids.created, ...result.ids.updated]);
    result.ids.created.push(...created.map(({ id }) => id));
    result.ids.updated.push(...changed.map(({ id }) => id).filter((id) => !isListed.has(id)));
  }
  for (const { holder, reason, ...problem } of problems)
    result.problems.push({ ...problem, reason: holder ? `${reason}, ${describe(holder)}` : reason });
}

const describe = ({ number, row }: Holder) =>
  number === undefined ? (row === undefined ? 'of the same file' : `that of row ${row}`) : `number ${number}`;

async function publishImported(
  tx: Tx,
  { actor, import_id }: ImportContext,
  prepared: readonly PreparedRecord[],
  { ids, skipped, failed }: ChunkResult,
): Promise<void> {
  const lastRow = prepared.at(-1)?.row ?? 0;
  await publish(tx, customersImported, actor, lastRow, { import_id, ...ids, skipped, failed });
}
