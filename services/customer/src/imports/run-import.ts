import { setImmediate } from 'node:timers/promises';
import type { Tx } from '@clientela/db';
import { AppError } from '@clientela/errors';
import type { JobControl, JobHandler, RunningJob } from '../jobs/job-handler.ts';
import { countRows } from '../jobs/metrics.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { analyzeFile, type FileAnalysis } from './analyze-file.ts';
import { chunksOf } from './chunks.ts';
import { columnsByField } from './column-names.ts';
import { hasRecordsFile, readRecordsFile } from './records-file.ts';
import { readRecords } from './read-records.ts';
import type { SourceRecord } from './source-record.ts';
import {
  addCounts,
  addSourceCount,
  findRun,
  insertProblems,
  maxProblems,
  saveAnalyzed,
  saveFailure,
  type ImportRun,
  type StoredProblem,
} from './store.ts';
import { recordsPath, uploadPath } from './uploads.ts';
import { openSpool, type SpoolDeps } from './vaptekesync/open-spool.ts';
import { prepareRecords, type PreparedRecord } from './writer/prepare.ts';
import { retryChunk } from './writer/retry.ts';
import type { ChunkResult, ImportContext, Problem } from './writer/schema.ts';
import { deleteDrafts, searchIndexCleaner } from './writer/store.ts';
import { writePrepared } from './writer/write-chunk.ts';

const recordsPerChunk = 500; // a cancellation waits for the lock that a chunk holds
const recordsAtOnce = 10; // about a millisecond of work
const maxColumnLength = 200;
const maxReasonLength = 500;

export type ImportJobDeps = SpoolDeps & { fingerprints: Fingerprinter };

/**
 * The handler of jobs of kind `customers.import`. Each chunk is one transaction with its customers, its problems, the counts and the
 * position, so that a later attempt reads the source again, skips what is done, and ends in the same state.
 */
export const importHandler =
  (deps: ImportJobDeps): JobHandler =>
  async (job, control) => {
    try {
      await runImport(deps, job, control);
    } catch (error) {
      // A file that cannot be imported at all. Other errors are the job's: it is retried, or ends with a message of its own.
      const isOfFile = error instanceof AppError && error.kind !== 'unavailable' && error.kind !== 'internal';
      if (isOfFile && !control.signal.aborted)
        await saveFailure(deps.db, job.company_id, job.id, { error: error.message, error_code: error.error_code });
      throw error;
    }
  };

async function runImport(deps: ImportJobDeps, job: RunningJob, control: JobControl): Promise<void> {
  const { db } = deps;
  const { signal } = control;
  const { company_id, id } = job;
  const run = await findRun(db, company_id, id);
  if (!run) throw new AppError('not_found', { error_code: 'IMPORT_NOT_FOUND', detail: 'The import does not exist' });
  const source = await openSource(deps, job, control, run);
  const context: ImportContext = {
    actor: { id: job.created_by, company_id, request_id: job.request_id },
    company: { country: run.country, currency: run.currency },
    import_id: id,
    match_on: run.match_on,
    on_match: run.on_match,
    dry_run: run.dry_run,
    ...(run.source === 'vaptekesync' && { taken_values: 'skip' }),
    fingerprints: deps.fingerprints,
    columns: source.columns,
  };
  let position = run.position;
  let problems = run.problems + source.problems;
  const chunks = preparedChunks(context, source.records, run.position);
  const searchIndex = searchIndexCleaner(db);
  try {
    let next = chunks.next();
    for (;;) {
      const { value: prepared, done } = await next;
      if (done) break;
      signal.throwIfAborted();
      next = chunks.next(); // read while the database is busy
      next.catch(() => {}); // thrown by the next round
      position += prepared.length;
      const at = position;
      problems += await retryChunk(
        db,
        async (tx) => {
          await control.saveProgress(tx, { done: at, total: Math.max(source.total, at) });
          const result = await writePrepared(tx, context, prepared);
          countRows(tx, job.kind, run.dry_run ? { checked: prepared.length } : result);
          return saveChunk(tx, job, { result, read: prepared.length, position: at, problems });
        },
        signal,
      );
      await searchIndex.start();
    }
  } finally {
    await chunks.return(undefined);
    await searchIndex.finish();
  }
  if (position < source.total)
    await db.transaction((tx) => control.saveProgress(tx, { done: position, total: position }));
  while (run.dry_run && (await deleteDrafts(db, company_id, id)) > 0) signal.throwIfAborted();
}

type OpenSource = {
  records: AsyncIterable<SourceRecord>;
  /** Records, as far as they are known. */
  total: number;
  /** Column by field, for problems. */
  columns: Readonly<Record<string, string>>;
  /** Problems of the file as a whole, which are stored with its analysis. */
  problems: number;
};

/**
 * Opens the records of an import. The first attempt finds out how its file is read, and stores that for later ones.
 * @throws AppError 422 for a file that cannot be read, 404 for one that is no longer stored
 */
async function openSource(
  deps: ImportJobDeps,
  job: RunningJob,
  control: JobControl,
  run: ImportRun,
): Promise<OpenSource> {
  if (run.source === 'vaptekesync')
    return { ...(await openSpool(deps, job, control, run)), columns: sourceColumns, problems: 0 };
  const { db, importStorage } = deps;
  const { company_id, id } = job;
  const { signal } = control;
  if (run.file === null) throw fileGone();
  const path = uploadPath(importStorage, company_id, run.file);
  const records = recordsPath(importStorage, company_id, run.file);
  let stored: ImportRun | undefined = run;
  if (run.analysis === null) {
    const analyzed = await analyzeFile(path, { ...run, signal }).catch(undefinedIfMissing);
    if (analyzed)
      await db.transaction(async (tx) => {
        await control.saveProgress(tx, { done: 0, total: analyzed.rows });
        await saveAnalyzed(tx, company_id, id, analyzed);
      });
    stored = await findRun(db, company_id, id); // an erasure may have analyzed it meanwhile
  }
  if (!stored?.analysis) throw fileGone();
  const { analysis } = stored;
  return {
    records: readStored({ path, records }, analysis, { country: run.country, signal }),
    total: analysis.rows,
    columns: columnsByField(analysis.mapping),
    problems: stored.problems - run.problems,
  };
}

/** Reads a file, or the records that replace it once an erasure has removed somebody. */
async function* readStored(
  { path, records }: { path: string; records: string },
  analysis: FileAnalysis,
  options: Parameters<typeof readRecords>[2],
): AsyncGenerator<SourceRecord> {
  if (!(await hasRecordsFile(records))) {
    try {
      yield* readRecords(path, analysis, options);
      return;
    } catch (error) {
      if (!isMissing(error)) throw error; // only its opening fails so: an erasure has replaced the file since
    }
  }
  try {
    yield* readRecordsFile(records);
  } catch (error) {
    throw isMissing(error) ? fileGone() : error;
  }
}

/** Columns of the outside source by field, for problems. */
const sourceColumns = {
  external_id: 'ID',
  number: 'ID',
  phone: 'phone_main',
  firstname: 'FirstFIO',
  email: 'email_main',
};

/** Of a file that an erasure has replaced, or an operator has removed. */
const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const undefinedIfMissing = (error: unknown): undefined => {
  if (!isMissing(error)) throw error;
};

const fileGone = () =>
  new AppError('not_found', { error_code: 'IMPORT_FILE_GONE', detail: 'The file of the import is no longer stored' });

/** Reads ahead and validates, while the database writes an earlier chunk. */
async function* preparedChunks(
  context: ImportContext,
  records: AsyncIterable<SourceRecord>,
  skip: number,
): AsyncGenerator<PreparedRecord[]> {
  for await (const chunk of chunksOf(withPauses(after(records, skip)), recordsPerChunk)) {
    const prepared: PreparedRecord[] = [];
    for (let start = 0; start < chunk.length; start += recordsAtOnce) {
      prepared.push(...prepareRecords(context, chunk.slice(start, start + recordsAtOnce)));
      await setImmediate();
    }
    yield prepared;
  }
}

/** Lets the next statement of the earlier chunk start in between: else the database waits for the reading. */
async function* withPauses<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    count += 1;
    if (count % recordsAtOnce === 0) await setImmediate();
    yield item;
  }
}

async function* after(items: AsyncIterable<SourceRecord>, skip: number): AsyncGenerator<SourceRecord> {
  let position = 0;
  for await (const item of items) {
    position += 1;
    if (position > skip) yield item;
  }
}

/** Stores what a chunk did, in its transaction. @returns the number of problems that were stored */
async function saveChunk(
  tx: Tx,
  { company_id, id }: RunningJob,
  chunk: { result: ChunkResult; read: number; position: number; problems: number },
): Promise<number> {
  const { created, updated, skipped, failed, warnings, emails_taken, problems } = chunk.result;
  const stored = toStored(problems).slice(0, Math.max(0, maxProblems - chunk.problems));
  await insertProblems(tx, company_id, id, stored);
  const counts = { read: chunk.read, created, updated, skipped, failed, warnings };
  if (emails_taken > 0) await addSourceCount(tx, company_id, id, 'emails_taken', emails_taken);
  await addCounts(tx, company_id, id, { counts, position: chunk.position, problems: stored.length });
  return stored.length;
}

/** Numbers the problems of each row, and bounds their texts. */
function toStored(problems: readonly Problem[]): StoredProblem[] {
  const ordinals = new Map<number, number>();
  return problems.map(({ row, column, reason }) => {
    const ordinal = (ordinals.get(row) ?? 0) + 1;
    ordinals.set(row, ordinal);
    return {
      row_number: row,
      ordinal,
      column_name: column && cut(column, maxColumnLength),
      reason: cut(reason, maxReasonLength),
    };
  });
}

/** Shortens a text, and removes what the database cannot store. */
const cut = (text: string, length: number): string =>
  (text.length > length ? `${text.slice(0, length - 1)}…` : text).toWellFormed().replaceAll('\0', '�');
