import { changedValues } from '@clientela/http';
import { metadataErrors } from '@clientela/validation';
import { applyPatch, documentErrors, userErrors } from '../../customers/rules.ts';
import { searchColumns, type SearchColumns } from '../../customers/search.ts';
import type { CustomerFields, CustomerInput } from '../../customers/schema.ts';
import { maxTags } from '../../tags/schema.ts';
import {
  columnOf,
  identityFields,
  identityOf,
  lowerCase,
  type Identity,
  type IdentityField,
  type PreparedRecord,
  type ValidRecord,
} from './prepare.ts';
import type { ImportContext, Problem } from './schema.ts';

/** A customer that has a value; `number` is undefined while it is not inserted. */
export type Holder = { id: string; number: number | undefined; row?: number };

/** A customer that the chunk creates, or may change. */
export type Target = Holder & {
  /** Whether this plan creates it. */
  isNew: boolean;
  /** The state before the chunk; that of a new customer is empty. */
  before: { record: CustomerFields; tags: readonly string[]; version: number };
  record: CustomerFields;
  /** Of `record`, unless that has changed since. */
  search?: SearchColumns | undefined;
  identity: Identity;
  status: string;
  type: string;
  labels: string[];
  addedLabels: string[];
  addedNotes: string[];
  /** Notes that the customer has already, as far as the chunk has equal ones. */
  knownNotes: Set<string>;
  /** Undefined for a new customer, unless its source says when it was created. */
  created_at?: string | undefined;
};

/** Who has which value, and the customers that the chunk may change. */
export type State = {
  holders: { [Field in IdentityField | 'number']: Map<string, Holder> };
  /** Customers without identifiers, by names and birthday. */
  unidentified: Map<string, Holder>;
  /** Loaded and locked customers by id. Empty when matches are skipped. */
  targets: Map<string, Target>;
  /** Fields of each row whose value belonged to an erased person. */
  suppressed: Map<number, readonly string[]>;
  /** External ids of deleted customers; empty unless taken values are skipped. */
  deletedIds: ReadonlySet<string>;
};

export type Plan = {
  created: Target[];
  changed: Target[];
  counts: { created: number; updated: number; skipped: number; failed: number; warnings: number; emails_taken: number };
  problems: (Problem & { holder?: Holder })[];
  /** Records that the plan covers. A later one needs a value that the plan frees, so that a plan of its own follows. */
  planned: number;
};

/** Decides what becomes of each record, in file order: the first of equal ones wins. */
export function planChunk(
  context: ImportContext,
  records: readonly PreparedRecord[],
  state: State,
  newId: () => string,
): Plan {
  const plan: Plan = {
    created: [],
    changed: [],
    counts: { created: 0, updated: 0, skipped: 0, failed: 0, warnings: 0, emails_taken: 0 },
    problems: [],
    planned: 0,
  };
  const freed = new Map<string, string>();
  for (const record of records) {
    if ('failures' in record) {
      plan.problems.push(...record.remarks, ...record.failures);
      plan.counts.failed += 1;
    } else {
      if (waitsFor(record.identity, freed)) break;
      const { failed } = plan.counts;
      const problems = plan.problems.length;
      planRecord(context, record, state, plan, freed, newId);
      if (plan.counts.failed === failed) plan.counts.warnings += plan.problems.length - problems;
    }
    plan.planned += 1;
  }
  return plan;
}

const freedKey = (field: IdentityField, value: string) => `${field} ${value}`;
const waitsFor = (identity: Identity, freed: ReadonlyMap<string, string>) =>
  freed.size > 0 &&
  identityFields.some((field) => identity[field] !== null && freed.has(freedKey(field, identity[field])));

function planRecord(
  context: ImportContext,
  record: ValidRecord,
  state: State,
  plan: Plan,
  freed: Map<string, string>,
  newId: () => string,
): void {
  plan.problems.push(...record.remarks);
  if (context.taken_values === 'skip') {
    if (isKnown(record, state)) plan.counts.skipped += 1;
    else createTarget(context, withoutTakenEmail(record, state, plan), state, plan, newId);
    return;
  }
  const match = findMatch(context, record, state);
  if (!match) createTarget(context, record, state, plan, newId);
  else if (context.on_match === 'skip') plan.counts.skipped += 1;
  else updateTarget(context, record, state, plan, freed, match);
}

/** Whether a customer has the phone or the id of a record, or had the id before it was deleted. */
const isKnown = ({ identity: { phone, external_id } }: ValidRecord, { holders, deletedIds }: State): boolean =>
  (phone !== null && holders.phone.has(phone)) ||
  (external_id !== null && (holders.external_id.has(external_id) || deletedIds.has(external_id)));

function withoutTakenEmail(prepared: ValidRecord, { holders }: State, plan: Plan): ValidRecord {
  const { record, identity } = prepared;
  if (identity.email === null || !holders.email.has(identity.email)) return prepared;
  plan.counts.emails_taken += 1;
  const changed = { ...record, email: null };
  return { ...prepared, record: changed, search: searchColumns(changed), identity: { ...identity, email: null } };
}

/** Finds the customer of a record by the first identifier that it has, else by its names and birthday. */
export function findMatch(
  { match_on }: Pick<ImportContext, 'match_on'>,
  { identity, record }: Pick<ValidRecord, 'identity' | 'record'>,
  { holders, unidentified }: Pick<State, 'holders' | 'unidentified'>,
): Holder | undefined {
  for (const field of [match_on, 'external_id', 'email', 'phone'] as const) {
    const value = identity[field];
    if (value !== null) return holders[field].get(value);
  }
  return identity.document_number === null ? unidentified.get(nameKey(record)) : undefined;
}

export const isUnidentified = ({ email, phone, external_id, document_number }: Identity): boolean =>
  email === null && phone === null && external_id === null && document_number === null;

export const nameKey = (record: Pick<CustomerFields, 'full_name' | 'firstname' | 'lastname' | 'birthday'>): string =>
  JSON.stringify([record.full_name, record.firstname, record.lastname, record.birthday]);

function fail(context: ImportContext, plan: Plan, row: number, errors: readonly FailureReason[]): void {
  plan.counts.failed += 1;
  for (const { path, message, holder } of errors)
    plan.problems.push({ row, column: columnOf(context, path), reason: message, ...(holder && { holder }) });
}
type FailureReason = { path: string; message: string; holder?: Holder };

/** Lists the values that other customers have. */
const takenErrors = (state: State, identity: Identity, id?: string): FailureReason[] =>
  identityFields.flatMap((path) => {
    const value = identity[path];
    const holder = value === null ? undefined : state.holders[path].get(value);
    return holder && holder.id !== id ? [{ path, message: 'belongs to another customer', holder }] : [];
  });

/** Lists the values of a row that belonged to erased people. */
const erasedErrors = (state: State, row: number): FailureReason[] =>
  (state.suppressed.get(row) ?? []).map((path) => ({ path, message: 'belonged to an erased customer' }));

function createTarget(
  context: ImportContext,
  prepared: ValidRecord,
  state: State,
  plan: Plan,
  newId: () => string,
): void {
  const { row, record, status, type, identity, labels, notes, missing } = prepared;
  const errors = [...missing, ...takenErrors(state, identity), ...erasedErrors(state, row)];
  if (errors.length > 0) return fail(context, plan, row, errors);
  let { number } = prepared.onlyForNew;
  if (number !== undefined && state.holders.number.has(String(number))) {
    number = undefined;
    plan.problems.push({ row, column: columnOf(context, 'number'), reason: 'is taken; the next free number is used' });
  }
  const target: Target = {
    id: newId(),
    number,
    row,
    isNew: true,
    before: { record, tags: [], version: 0 },
    record,
    search: prepared.search,
    identity,
    status,
    type,
    labels: [...labels],
    addedLabels: [...labels],
    addedNotes: [...notes],
    knownNotes: new Set(notes),
    created_at: prepared.created_at,
  };
  plan.created.push(target);
  plan.counts.created += 1;
  state.targets.set(target.id, target);
  hold(state, target, identity);
  if (number !== undefined) state.holders.number.set(String(number), target);
}

function hold(state: State, holder: Holder & { record: CustomerFields }, identity: Identity): void {
  for (const field of identityFields) {
    const value = identity[field];
    if (value !== null) state.holders[field].set(value, holder);
  }
  if (isUnidentified(identity)) state.unidentified.set(nameKey(holder.record), holder);
}

function updateTarget(
  context: ImportContext,
  prepared: ValidRecord,
  state: State,
  plan: Plan,
  freed: Map<string, string>,
  match: Holder,
): void {
  const { row, labels, notes } = prepared;
  const target = state.targets.get(match.id);
  if (!target) throw new Error('The matching customer is not loaded');
  noteKeptFields(context, prepared, target, plan);
  const input = withStoredSpelling(prepared, target);
  const record = applyPatch(target.record, input, context.company.country);
  const changes = changedValues(record, target.record);
  const has = new Set(target.labels.map((label) => lowerCase(label)));
  const newLabels = labels.filter((label) => !has.has(lowerCase(label)));
  const newNotes = notes.filter((note) => !target.knownNotes.has(note));
  if (Object.keys(changes).length + newLabels.length + newNotes.length === 0) {
    plan.counts.skipped += 1;
    return;
  }
  const identity = changedIdentity(target, prepared, record, changes);
  const changesDocument = 'document_type' in changes || 'document_number' in changes;
  const errors = [
    ...userErrors(target.record, input),
    ...(changesDocument ? documentErrors(record, context.company.country) : []),
    ...('metadata' in changes ? metadataErrors(record.metadata) : []),
    ...(target.labels.length + newLabels.length > maxTags
      ? [{ path: 'tags', message: `must not have more than ${maxTags} labels with those of the customer` }]
      : []),
    ...takenErrors(state, identity, target.id),
    ...erasedErrors(state, row).filter(({ path }) => path in changes),
  ];
  if (errors.length > 0) return fail(context, plan, row, errors);

  for (const field of identityFields) {
    const [old, value] = [target.identity[field], identity[field]];
    if (old === null || old === value) continue;
    state.holders[field].delete(old);
    freed.set(freedKey(field, old), target.id);
  }
  if (!target.isNew && !plan.changed.includes(target)) plan.changed.push(target);
  target.row ??= row;
  // Without changes the record stays the same object, which means that it is not written.
  if (Object.keys(changes).length > 0) Object.assign(target, { record, search: undefined, identity });
  target.labels.push(...newLabels);
  target.addedLabels.push(...newLabels);
  target.addedNotes.push(...newNotes);
  for (const note of newNotes) target.knownNotes.add(note);
  hold(state, target, identity);
  plan.counts.updated += 1;
}

/** Leaves out an e-mail that differs from the stored one only in case, which two rows of a file could change for ever. */
function withStoredSpelling({ input, identity }: ValidRecord, target: Target): CustomerInput {
  const { email, ...others } = input;
  return email === undefined || identity.email === target.identity.email ? others : { ...others, email };
}

/** Remarks on fields of the record that an existing customer keeps, as PATCH does not change them. */
function noteKeptFields(context: ImportContext, { row, onlyForNew }: ValidRecord, target: Target, plan: Plan): void {
  for (const [field, value] of Object.entries(onlyForNew))
    if (target[field as keyof typeof onlyForNew] !== value && !(field === 'number' && target.isNew))
      plan.problems.push({
        row,
        column: columnOf(context, field),
        reason: 'is kept as it is: an import does not change it',
      });
}

/** The identity after an update: values that did not change keep the stored compared form, which may be empty. */
function changedIdentity(
  target: Target,
  prepared: ValidRecord,
  record: CustomerFields,
  changes: Partial<CustomerFields>,
): Identity {
  const identity = { ...target.identity };
  for (const field of ['email', 'phone', 'external_id', 'user_id'] as const)
    if (field in changes) identity[field] = prepared.identity[field];
  if ('document_type' in changes || 'document_number' in changes)
    identity.document_number = identityOf(record).document_number;
  return identity;
}
