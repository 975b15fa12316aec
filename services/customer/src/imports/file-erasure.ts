import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@clientela/db';
import { AppError } from '@clientela/errors';
import { Email, normalizeDocumentNumber } from '@clientela/validation';
import { normalizePhone } from '@clientela/validation/phones';
import type { Fingerprinter, IdentifyingValues } from '../tombstones/fingerprints.ts';
import { findSuppressed } from '../tombstones/suppression-list.ts';
import { analyzeFile } from './analyze-file.ts';
import { chunksOf } from './chunks.ts';
import { hasRecordsFile, readRecordsFile, writeRecords } from './records-file.ts';
import { readRecords } from './read-records.ts';
import type { ImportStorage } from './settings.ts';
import type { SourceRecord } from './source-record.ts';
import { findFileToErase, saveAnalyzed, saveFileErasure, tryLockFile, type StoredFile } from './store.ts';
import { recordsPath, removeUpload, uploadPath } from './uploads.ts';

const recordsPerQuery = 500;
/** Before another look at a file that another process rewrites. */
const pauseForOthers = 500; // milliseconds

export type FileErasureDeps = { db: Db; importStorage: ImportStorage; fingerprints: Fingerprinter };

/** Takes the place of a record of an erased person, so that the records behind it keep their position. */
const erasedRecord = (row: number): SourceRecord => ({
  row,
  fields: {},
  notes: [],
  remarks: [],
  failure: { column: null, reason: 'The person of this row has been erased' },
});

/**
 * Removes erased people from one stored file that waits for it: records with a value of the suppression list, and rows from which the
 * customer was imported. Interrupted, it begins again; a file without such records stays as it is.
 * @param company_id only files of this company; default of any
 * @returns false when no file waits
 */
export async function eraseFromNextFile(
  deps: FileErasureDeps,
  signal: AbortSignal,
  company_id?: string,
): Promise<boolean> {
  const waiting = await findFileToErase(deps.db, company_id === undefined ? {} : { company_id });
  if (!waiting) return false;
  const isLocked = await deps.db.transaction(async (tx) => {
    if (!(await tryLockFile(tx, waiting))) return false;
    const { company_id: owner, id } = waiting;
    const file = await findFileToErase(tx, { company_id: owner, id }); // another process may be done with it
    if (!file) return true;
    await eraseFromFile(deps, file, signal);
    await saveFileErasure(deps.db, file);
    return true;
  });
  if (!isLocked) await sleep(pauseForOthers, undefined, { signal });
  return true;
}

async function eraseFromFile(deps: FileErasureDeps, file: StoredFile, signal: AbortSignal): Promise<void> {
  const { importStorage } = deps;
  const original = uploadPath(importStorage, file.company_id, file.file);
  const records = recordsPath(importStorage, file.company_id, file.file);
  // A run that was interrupted after its records were complete has left the original.
  const isReplaced = await hasRecordsFile(records);
  if (isReplaced) await rm(original, { force: true });
  else if (!(await hasRecordsFile(original))) return;
  try {
    const analysis = file.analysis ?? (isReplaced ? null : await analyze(deps, file, original, signal));
    const read = () =>
      isReplaced || analysis === null
        ? readRecordsFile(records)
        : readRecords(original, analysis, { country: file.country, signal });
    if (!(await hasErased(deps, file, read(), signal))) return;
    await writeRecords(records, withoutErased(deps, file, read(), signal));
  } catch (error) {
    // Nothing can be imported from a file that cannot be read.
    if (!(error instanceof AppError) || error.kind !== 'invalid') throw error;
    await removeUpload(importStorage, file.company_id, file.file);
    return;
  }
  await rm(original, { force: true });
}

/** Finds out how a file is read whose job has not started yet, and stores that for the job. */
async function analyze({ db }: FileErasureDeps, file: StoredFile, path: string, signal: AbortSignal) {
  const analysis = await analyzeFile(path, { ...file, signal });
  await db.transaction((tx) => saveAnalyzed(tx, file.company_id, file.id, analysis));
  return analysis;
}

async function hasErased(
  deps: FileErasureDeps,
  file: StoredFile,
  records: AsyncIterable<SourceRecord>,
  signal: AbortSignal,
): Promise<boolean> {
  for await (const chunk of chunksOf(records, recordsPerQuery)) {
    signal.throwIfAborted();
    if ((await findErased(deps, file, chunk)).size > 0) return true;
  }
  return false;
}

async function* withoutErased(
  deps: FileErasureDeps,
  file: StoredFile,
  records: AsyncIterable<SourceRecord>,
  signal: AbortSignal,
): AsyncGenerator<SourceRecord> {
  for await (const chunk of chunksOf(records, recordsPerQuery)) {
    signal.throwIfAborted();
    const erased = await findErased(deps, file, chunk);
    for (const record of chunk) yield erased.has(record) ? erasedRecord(record.row) : record;
  }
}

/** Finds the records of a chunk that are about erased people. */
async function findErased(
  { db, fingerprints }: FileErasureDeps,
  { company_id, country, erased_rows }: StoredFile,
  chunk: readonly SourceRecord[],
): Promise<Set<SourceRecord>> {
  const rows = new Set(erased_rows);
  const owners: SourceRecord[] = [];
  const values: IdentifyingValues[] = [];
  for (const record of chunk)
    for (const identifying of identifyingValues(record, country)) {
      owners.push(record);
      values.push(identifying);
    }
  const suppressed = await findSuppressed(db, fingerprints, company_id, values);
  const erased = new Set(owners.filter((_owner, index) => (suppressed[index]?.length ?? 0) > 0));
  for (const record of chunk) if (rows.has(record.row) && !isBlank(record)) erased.add(record);
  return erased;
}

const isBlank = ({ fields, notes, failure }: SourceRecord) =>
  failure !== undefined && notes.length === 0 && Object.keys(fields).length === 0;

/** Lists the values that identify the person of a record, as they would be stored: its own, and further e-mails and phones. */
function identifyingValues({ fields }: SourceRecord, country: string): IdentifyingValues[] {
  const { document_type, document_number, external_id } = fields;
  const metadata = (fields['metadata'] ?? {}) as Record<string, unknown>;
  const emails = [fields['email'], ...listOf(metadata['emails'])].filter(isText);
  const phones = [fields['phone'], ...listOf(metadata['phones'])].filter(isText);
  const type = isText(document_type) ? document_type.toLowerCase() : undefined;
  return [
    ...(isText(external_id) ? [{ external_id: external_id.trim() }] : []),
    ...(isText(document_number)
      ? [{ document_type: type, document_number: normalizeDocumentNumber(document_number, type) }]
      : []),
    ...emails.map((email) => ({ email: Email.safeParse(email).data ?? email.trim() })),
    ...phones.map((phone) => ({ phone: normalizePhone(phone, country) })),
  ];
}

const isText = (value: unknown): value is string => typeof value === 'string';
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
