import type { FieldError } from '@clientela/errors';
import { fieldErrors, parseWith, writableFields } from '@clientela/http';
import { comparedDocument, multilineText } from '@clientela/validation';
import { applyPatch, contactErrors, documentErrors, emptyCustomer } from '../../customers/rules.ts';
import { searchColumns, type SearchColumns } from '../../customers/search.ts';
import { NewCustomer, WritableCustomer, type CustomerFields, type CustomerInput } from '../../customers/schema.ts';
import type { Remark, SourceRecord } from '../source-record.ts';
import type { ImportContext, Problem } from './schema.ts';

/** The values that identify a customer, as the database compares them. */
export type Identity = { [Field in IdentityField]: string | null };
export const identityFields = ['email', 'phone', 'external_id', 'document_number', 'user_id'] as const;
export type IdentityField = (typeof identityFields)[number];

/** A valid record, as it would be stored as a new customer. */
export type ValidRecord = {
  row: number;
  remarks: Problem[];
  /** The fields of the record without defaults and nulls, for an update. */
  input: CustomerInput;
  record: CustomerFields;
  /** Of `record`; computed here, where the database is busy with an earlier chunk. */
  search: SearchColumns;
  status: NewCustomer['status'];
  type: NewCustomer['type'];
  /** Fields that only a new customer takes from a record. */
  onlyForNew: Pick<Partial<NewCustomer>, 'status' | 'type' | 'number'>;
  labels: string[];
  notes: string[];
  /** When a new customer counts as created; default now. */
  created_at: string | undefined;
  identity: Identity;
  /** Why the record cannot become a new customer. */
  missing: FieldError[];
};
export type PreparedRecord = ValidRecord | { row: number; remarks: Problem[]; failures: Problem[] };

const Note = multilineText(500);
const placeholder = 'nobody';
const firstReservedNumber = 10_000_000;

/** Validates and normalizes a chunk of records as `POST /api/customers` does. Needs no database. */
export const prepareRecords = (context: ImportContext, records: readonly SourceRecord[]): PreparedRecord[] =>
  records.map((record) => prepareRecord(context, record));

function prepareRecord(context: ImportContext, source: SourceRecord): PreparedRecord {
  const { row } = source;
  const remarks = source.remarks.map((remark) => ({ row, ...remark }));
  const failed = (failures: readonly Remark[]) => ({
    row,
    remarks,
    failures: failures.map((failure) => ({ row, ...failure })),
  });
  if (source.failure) return failed([source.failure]);
  const fields = { ...source.fields };
  if (Number.isSafeInteger(fields['number']) && Number(fields['number']) >= firstReservedNumber) {
    delete fields['number'];
    remarks.push({
      row,
      column: columnOf(context, 'number'),
      reason: 'is 10,000,000 or higher; the next free number is used',
    });
  }
  // Who has neither a name nor a way to be reached may still match a customer; only a new one needs it.
  const missing = contactErrors(fields);
  const parsed = parseWith(NewCustomer, missing.length > 0 ? { ...fields, full_name: placeholder } : fields);
  const errors = parsed.success ? [] : fieldErrors(parsed.error.issues);
  if (!source.notes.every((note) => Note.safeParse(note).success))
    errors.push({ path: 'notes', message: 'must have 1 to 500 characters without control characters' });
  if (!parsed.success || errors.length > 0) return failed(toRemarks(context, errors));

  const { business_id, number, status, type, tags = [] } = parsed.data;
  const { full_name, ...others } = writableFields(parsed.data, WritableCustomer);
  const input = missing.length > 0 || full_name === undefined ? others : { ...others, full_name };
  const record = applyPatch(emptyCustomer, input, context.company.country);
  const recordErrors = documentErrors(record, context.company.country);
  if (business_id !== undefined && business_id !== context.actor.company_id)
    recordErrors.push({ path: 'business_id', message: 'must be your own company' });
  if (recordErrors.length > 0) return failed(toRemarks(context, recordErrors));
  return {
    row,
    remarks,
    input: withoutNulls(input),
    record,
    search: searchColumns(record),
    status,
    type,
    onlyForNew: {
      ...('status' in fields && { status }),
      ...('type' in fields && { type }),
      ...(number !== undefined && { number }),
    },
    labels: distinctLabels(tags),
    notes: [...new Set(source.notes.map((note) => Note.parse(note)))],
    created_at: source.created_at,
    identity: identityOf(record),
    missing,
  };
}

const toRemarks = (context: ImportContext, errors: readonly { path: string; message: string }[]): Remark[] =>
  errors.map(({ path, message }) => ({ column: columnOf(context, path), reason: message }));

/** Names a field as the file does: by the column of its path, or of what contains it. */
export function columnOf({ columns }: ImportContext, path: string): string {
  for (let part = path; part !== ''; part = part.slice(0, Math.max(part.lastIndexOf('.'), 0)))
    if (Object.hasOwn(columns, part)) return columns[part] ?? path;
  return path;
}

/** Removes nulls at every depth: an import clears nothing. */
function withoutNulls<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, nested]) => nested !== null)
      .map(([key, nested]) => [
        key,
        typeof nested === 'object' && !Array.isArray(nested) ? withoutNulls(nested as object) : nested,
      ]),
  ) as T;
}

/** Keeps the first of labels that differ only in case. */
function distinctLabels(labels: readonly string[]): string[] {
  const distinct = new Map<string, string>();
  for (const label of labels) {
    const key = lowerCase(label);
    if (!distinct.has(key)) distinct.set(key, label);
  }
  return [...distinct.values()];
}

/** Converts to lower case as PostgreSQL does in C.UTF-8: one letter to one letter, without regard to its neighbours. */
export const lowerCase = (text: string): string =>
  isAscii(text)
    ? text.toLowerCase()
    : Array.from(text, (letter) => (letter === 'İ' ? 'i' : letter.toLowerCase())).join('');

export const isAscii = (text: string): boolean => /^[\0-\u007f]*$/.test(text);

/** Computes the compared forms as the database does; `compareInDatabase` replaces those that may differ. */
export const identityOf = (
  record: Pick<CustomerFields, Exclude<IdentityField, never> | 'document_type'>,
): Identity => ({
  email: record.email === null ? null : lowerCase(record.email),
  phone: record.phone === null ? null : record.phone.replace(/^\++/, ''),
  external_id: record.external_id,
  document_number:
    record.document_number === null ? null : comparedDocument(record.document_number, record.document_type) || null,
  user_id: record.user_id,
});
