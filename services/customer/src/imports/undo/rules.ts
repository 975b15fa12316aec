import { isDeepStrictEqual } from 'node:util';
import { applyPatch, contactErrors } from '../../customers/rules.ts';
import type { CustomerFields } from '../../customers/schema.ts';
import type { Change } from '../../history/schema.ts';

/** Objects that are reverted key by key. */
const objectFields = new Set(['address', 'preferences', 'metadata']);
/** Fields that are valid together only. */
const documentFields = ['document_type', 'document_number'] as const;
const contactFields = [
  'full_name',
  'full_name_built',
  'firstname',
  'lastname',
  'email',
  'phone',
  'phone_typed',
] as const;

export type Kept = { field: string; reason: string };
const changedSince = 'was changed since';

type ObjectValue = Readonly<Record<string, unknown>>;

/**
 * Reverts what one change of an import did to a record, where the record still has the import's values.
 * @param hidden values before, of columns that `changes` does not have
 */
export function revertChanges(
  current: CustomerFields,
  changes: readonly Change[],
  hidden: Partial<Pick<CustomerFields, 'full_name_built' | 'phone_typed'>> = {},
): { record: CustomerFields; kept: Kept[] } {
  const kept: Kept[] = [];
  const reverted: Record<string, unknown> = {};
  const documents = changes.filter(({ field }) => documentFields.some((one) => one === field));
  const hasOtherDocument = documents.some(({ field, to }) => !isDeepStrictEqual(valueOf(current, field), to));
  for (const { field, from, to } of changes) {
    if (field === 'tags') continue; // by the ids of the tags
    const value = valueOf(current, field);
    if (objectFields.has(field)) reverted[field] = revertObject(field, value, from, to, kept);
    else if (documents.length > 0 && documentFields.some((one) => one === field)) {
      if (hasOtherDocument) kept.push({ field, reason: changedSince });
      else reverted[field] = from;
    } else if (isDeepStrictEqual(value, to)) {
      reverted[field] = from;
      if (field === 'full_name' && hidden.full_name_built !== undefined)
        reverted['full_name_built'] = hidden.full_name_built;
      if (field === 'phone') reverted['phone_typed'] = hidden.phone_typed ?? null;
    } else if (field !== 'full_name' || !current.full_name_built) kept.push({ field, reason: changedSince });
  }
  const record = { ...current, ...reverted } as CustomerFields;
  return { record: applyPatch(keepValid(current, record, kept), {}, ''), kept }; // builds the full name again
}

const valueOf = (record: CustomerFields, field: string): unknown => record[field as keyof CustomerFields];

/** Reverts the keys of an object that the import changed. */
function revertObject(field: string, value: unknown, from: unknown, to: unknown, kept: Kept[]): ObjectValue | null {
  const [now, before, after] = [value, from, to].map((one) => (one ?? {}) as ObjectValue) as [
    ObjectValue,
    ObjectValue,
    ObjectValue,
  ];
  const result = new Map(Object.entries(now));
  const isAddress = field === 'address';
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, imported, present] = [before, after, now].map((values) => {
      const one = Object.hasOwn(values, key) ? values[key] : undefined;
      return isAddress ? (one ?? null) : one;
    });
    if (isDeepStrictEqual(old, imported)) continue;
    if (!isDeepStrictEqual(present, imported))
      kept.push({ field: `${field}.${key}`.slice(0, 200), reason: changedSince });
    else if (old === undefined) result.delete(key);
    else result.set(key, old);
  }
  const entries = Object.fromEntries(result);
  return isAddress && Object.values(entries).every((line) => line === null) ? null : entries;
}

/** Keeps what a record needs: a name or a way to reach the person, and the type of a document number. */
function keepValid(current: CustomerFields, record: CustomerFields, kept: Kept[]): CustomerFields {
  let valid = record;
  if (contactErrors(valid).length > 0) {
    valid = { ...valid, ...Object.fromEntries(contactFields.map((field) => [field, current[field]])) };
    kept.push({ field: 'full_name', reason: 'is needed: the customer would have neither a name nor a contact' });
  }
  if (valid.document_number !== null && valid.document_type === null) {
    valid = { ...valid, document_type: current.document_type, document_number: current.document_number };
    kept.push({ field: 'document_number', reason: changedSince });
  }
  return valid;
}

const fieldOfConstraint = /^customers_(\w+)_taken$/;

/** Returns the field whose value another customer took meanwhile, from the database's error; undefined for any other error. */
export function takenField(
  error: unknown,
): 'user_id' | 'external_id' | 'email' | 'phone' | 'document_number' | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  const field = code === '23505' ? fieldOfConstraint.exec(constraint ?? '')?.[1] : undefined;
  return field === undefined ? undefined : (field as ReturnType<typeof takenField>);
}

/** Gives a record back the present value of a field that cannot be reverted. */
export function keepField(current: CustomerFields, record: CustomerFields, field: string): CustomerFields {
  const together = { phone: ['phone', 'phone_typed'], document_number: documentFields }[field] ?? [field];
  return { ...record, ...Object.fromEntries(together.map((one) => [one, valueOf(current, one)])) };
}
