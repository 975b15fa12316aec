import { paginate, whereCompany, type Db, type Page, type Query, type Scope, type Tx } from '@clientela/db';
import { describeProgress, type Progress } from '../jobs/rules.ts';
import type { FileAnalysis } from './analyze-file.ts';
import type { Import, ImportOptions, ImportQuery } from './schema.ts';

const KEPT = `interval '7 days'`; // files and errors, after the end
/** Most rows of an errors file. What goes beyond is counted only. */
export const maxProblems = 1_000_000;

type Stored = Omit<Import, 'percent' | 'eta' | 'source_counts'> &
  Progress & { source_counts: Record<string, number> | null };

/** Imports with their jobs. A closed import has its job's values, and its job may be gone. */
const withJobs = (db: Db): Query =>
  db('customer_imports as i').leftJoin('jobs as j', (join) => {
    void join.on('j.company_id', 'i.company_id').andOn('j.id', 'i.id');
  });

const columns = (db: Db) => [
  'i.id',
  db.raw(`coalesce(j.status, i.closed_status, 'failed') as status`),
  'i.source',
  'i.format',
  'i.encoding',
  'i.separator',
  'i.mapping',
  'i.left_behind',
  'i.match_on',
  'i.on_match',
  'i.dry_run',
  'i.read',
  'i.created',
  'i.updated',
  'i.skipped',
  'i.failed',
  'i.warnings',
  'i.source_counts',
  db.raw('coalesce(i.error, j.error) as error'),
  'i.error_code',
  'i.created_by',
  'i.created_at',
  db.raw('coalesce(j.started_at, i.started_at) as started_at'),
  db.raw('coalesce(j.ended_at, i.ended_at) as ended_at'),
  'j.total',
  db.raw('coalesce(j.done, 0) as done'),
  'j.attempt_started_at',
  db.raw('coalesce(j.attempt_done, 0) as attempt_done'),
];

function toImport({ total, done, attempt_started_at, attempt_done, source_counts, ...stored }: Stored): Import {
  const progress = { status: stored.status, total, done, attempt_started_at, attempt_done };
  return { ...stored, ...(source_counts && { source_counts }), ...describeProgress(progress, Date.now()) };
}

export async function findImport(db: Db, company_id: string, id: string): Promise<Import | undefined> {
  const where = { 'i.company_id': company_id, 'i.id': id };
  const found = (await withJobs(db).select(columns(db)).where(where).first()) as Stored | undefined;
  return found && toImport(found);
}

export async function listImports(db: Db, scope: Scope, query: ImportQuery): Promise<Page<Import>> {
  const sort = [{ column: 'created_at', descending: true }];
  const page = await paginate<{ company_id: string; id: string }>(
    whereCompany(db('customer_imports'), scope),
    ['company_id', 'id'],
    { ...query, sort },
    { isFiltered: false },
  );
  const keys = page.rows.map(({ company_id, id }) => [company_id, id]);
  const found = (await withJobs(db).select(columns(db)).whereIn(['i.company_id', 'i.id'], keys)) as Stored[];
  const byId = new Map(found.map((stored) => [stored.id, stored]));
  return { ...page, rows: page.rows.flatMap(({ id }) => byId.get(id) ?? []).map(toImport) };
}

export type NewImportRow = ImportOptions & {
  id: string;
  source: Import['source'];
  file: string | null;
  upload_started_at: Date | null;
  country: string;
  currency: string;
  created_by: string;
};

/**
 * Inserts an import. An erasure that began after its upload did concerns the file: the lock lets either the erasure find this row, or this
 * statement find the erasure.
 */
export async function insertImport(
  tx: Tx,
  company_id: string,
  { mapping, upload_started_at, ...row }: NewImportRow,
): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', [lockName(company_id)]);
  const started = upload_started_at ?? new Date();
  await tx('customer_imports').insert({
    company_id,
    ...row,
    mapping: mapping && JSON.stringify(mapping),
    upload_started_at: started,
    erasures_wanted: row.file === null ? 0 : erasuresSince(tx, company_id, started),
  });
}

/** 1 when a person has been erased since then, else 0. */
const erasuresSince = (tx: Tx, company_id: string, started: Date): Query =>
  tx('erasure_requests')
    .select(tx.raw('least(count(*), 1)::int'))
    .where({ company_id })
    .where('started_at', '>', new Date(started.getTime() - clockMargin));

/**
 * Adds the file into which an outside source was read. Erasures since the read began concern it, as `insertImport` says.
 * @param counts of the read
 */
export async function saveSourceFile(
  tx: Tx,
  company_id: string,
  id: string,
  { file, started, counts }: { file: string; started: Date; counts: Record<string, number> },
): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', [lockName(company_id)]);
  await tx('customer_imports')
    .where({ company_id, id })
    .update({
      file,
      upload_started_at: started,
      source_counts: JSON.stringify(counts),
      erasures_wanted: erasuresSince(tx, company_id, started),
    });
}

/** Adds to one of the counts of an outside source. */
export const addSourceCount = (
  tx: Tx,
  company_id: string,
  id: string,
  name: 'emails_taken',
  count: number,
): PromiseLike<unknown> =>
  tx.raw(
    `update customer_imports
        set source_counts = jsonb_set(source_counts, array[?], to_jsonb((source_counts ->> ?)::bigint + ?::bigint))
      where company_id = ? and id = ?`,
    [name, name, count, company_id, id],
  );

const lockName = (company_id: string) => `customer imports ${company_id}`;
const clockMargin = 60_000; // milliseconds between this clock and the database's

/**
 * Marks the stored files of a company for the erasure of a person, in the transaction that starts it. Also notes the rows from which the
 * customer was imported: its values may have changed since.
 */
export async function requestFileErasure(tx: Tx, company_id: string, customer_id: string): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [lockName(company_id)]);
  await tx.raw(
    `update customer_imports i
        set erasures_wanted = erasures_wanted + 1,
            erased_rows = erased_rows || array(
              select distinct h.import_row from customer_history h
               where h.company_id = i.company_id and h.customer_id = ? and h.import_id = i.id and h.import_row is not null)
      where company_id = ? and closed_status is null and file is not null`,
    [customer_id, company_id],
  );
}

/** A stored file and how it is read. */
export type StoredFile = {
  company_id: string;
  id: string;
  file: string;
  analysis: FileAnalysis | null;
  country: string;
  erasures_wanted: number;
  erased_rows: number[];
} & Pick<ImportOptions, 'encoding' | 'separator' | 'mapping'>;

/** Lets one process at a time rewrite a stored file, until the transaction ends. @returns false when another one does */
export async function tryLockFile(tx: Tx, { company_id, id }: Pick<StoredFile, 'company_id' | 'id'>): Promise<boolean> {
  // The transaction is idle while the file is read.
  const { rows } = await tx.raw<{ rows: [{ acquired: boolean }] }>(
    `select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as acquired,
            set_config('idle_in_transaction_session_timeout', '0', true)`,
    [`import file ${company_id} ${id}`],
  );
  return rows[0].acquired;
}

/** Finds a file from which erased people must be removed. @param where default any file of any company */
export const findFileToErase = (
  db: Db,
  where: { company_id?: string; id?: string } = {},
): PromiseLike<StoredFile | undefined> =>
  db('customer_imports')
    .select('company_id', 'id', 'file', 'analysis', 'encoding', 'separator', 'mapping')
    .select('country', 'erasures_wanted', db.raw('to_jsonb(erased_rows) as erased_rows'))
    .whereNull('closed_status')
    .whereNotNull('file')
    .whereRaw('erasures_done < erasures_wanted')
    .where(where)
    .orderBy('created_at')
    .first();

/** Notes that the people of `erasures_wanted` erasures are no longer in the file. */
export const saveFileErasure = (db: Db, { company_id, id, erasures_wanted }: StoredFile): PromiseLike<number> =>
  db('customer_imports')
    .where({ company_id, id })
    .where('erasures_done', '<', erasures_wanted)
    .update({ erasures_done: erasures_wanted });

/** What the job of an import needs to know. */
export type ImportRun = ImportOptions & {
  source: Import['source'];
  file: string | null;
  analysis: FileAnalysis | null;
  country: string;
  currency: string;
  position: number;
  problems: number;
  source_counts: Record<string, number> | null;
};

export const findRun = (db: Db, company_id: string, id: string): PromiseLike<ImportRun | undefined> =>
  db('customer_imports')
    .select('source', 'file', 'analysis', 'country', 'currency', 'position', 'problems', 'source_counts')
    .select('match_on', 'on_match', 'dry_run', 'encoding', 'separator', 'mapping')
    .where({ company_id, id })
    .first();

/** Stores how a file is read, and its warnings as problems of row 0, unless another process has done so. */
export async function saveAnalyzed(tx: Tx, company_id: string, id: string, analysis: FileAnalysis): Promise<void> {
  const { format, encoding, separator, mapping, left_behind, warnings } = analysis;
  const saved = await tx('customer_imports')
    .where({ company_id, id })
    .whereNull('analysis')
    .update({
      format,
      encoding,
      separator,
      mapping: JSON.stringify(mapping),
      left_behind: JSON.stringify(left_behind),
      analysis: JSON.stringify(analysis),
      warnings: tx.raw('warnings + ?', [warnings.length]),
      problems: tx.raw('problems + ?', [warnings.length]),
    });
  if (saved === 0) return;
  const problems = warnings.map((reason, ordinal) => ({ row_number: 0, ordinal, column_name: null, reason }));
  await insertProblems(tx, company_id, id, problems);
}

export type Counts = Pick<Import, 'read' | 'created' | 'updated' | 'skipped' | 'failed' | 'warnings'>;

/** Adds the counts of a chunk. @param position records of the source that are done with it */
export const addCounts = (
  tx: Tx,
  company_id: string,
  id: string,
  { counts, position, problems }: { counts: Counts; position: number; problems: number },
): PromiseLike<number> =>
  tx('customer_imports')
    .where({ company_id, id })
    .update({
      position,
      problems: tx.raw('problems + ?', [problems]),
      ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, tx.raw('?? + ?', [name, count])])),
    });

export const saveFailure = (
  db: Db,
  company_id: string,
  id: string,
  { error, error_code }: { error: string; error_code: string },
): PromiseLike<number> => db('customer_imports').where({ company_id, id }).update({ error, error_code });

/** One line of the errors file. Column names and reasons are cut to a bounded length. */
export type StoredProblem = { row_number: number; ordinal: number; column_name: string | null; reason: string };

/** Inserts problems in one statement, whatever their number. */
export async function insertProblems(
  tx: Tx,
  company_id: string,
  import_id: string,
  problems: readonly StoredProblem[],
): Promise<void> {
  if (problems.length === 0) return;
  await tx.raw(
    `insert into customer_import_errors (company_id, import_id, row_number, ordinal, column_name, reason)
     select ?, ?, * from unnest(?::bigint[], ?::int[], ?::text[], ?::text[])`,
    [
      company_id,
      import_id,
      problems.map(({ row_number }) => row_number),
      problems.map(({ ordinal }) => ordinal),
      problems.map(({ column_name }) => column_name) as string[], // null is bound as it is
      problems.map(({ reason }) => reason),
    ],
  );
}

/** Lists problems in the order of the file, after one of them. */
export function listProblems(
  db: Db,
  company_id: string,
  import_id: string,
  { after, limit }: { after: StoredProblem | undefined; limit: number },
): PromiseLike<StoredProblem[]> {
  const query = db('customer_import_errors')
    .select('row_number', 'ordinal', 'column_name', 'reason')
    .where({ company_id, import_id })
    .orderBy(['row_number', 'ordinal'])
    .limit(limit);
  return after ? query.whereRaw('(row_number, ordinal) > (?, ?)', [after.row_number, after.ordinal]) : query;
}

/** Finds an import that ended 7 days ago and still has its file or its errors. */
export const findImportToClose = async (
  db: Db,
): Promise<{ company_id: string; id: string; file: string | null } | undefined> =>
  withJobs(db)
    .select('i.company_id', 'i.id', 'i.file')
    .whereNull('i.closed_status')
    .whereRaw(`(j.id is null or j.ended_at < now() - ${KEPT})`)
    .orderBy('i.created_at')
    .first();

/** Deletes errors of an import and of its undo. @returns their number, at most `limit` */
export const deleteProblems = async (db: Db, company_id: string, import_id: string, limit: number): Promise<number> => {
  let deleted = 0;
  for (const [table, ...key] of [
    ['customer_import_errors', 'row_number', 'ordinal'],
    ['customer_import_undo_problems', 'entry_id', 'ordinal'],
  ] as const) {
    const keys = ['company_id', 'import_id', ...key];
    const rows = db(table)
      .select(keys)
      .where({ company_id, import_id })
      .limit(limit - deleted);
    deleted += await db(table).whereIn(keys, rows).delete();
  }
  return deleted;
};

/** Finds a dry run that ended before it removed its drafts: it was cancelled, or failed. */
export const findDraftsToDelete = (db: Db): PromiseLike<{ company_id: string; id: string } | undefined> =>
  withJobs(db)
    .select('i.company_id', 'i.id')
    .whereNull('i.closed_status')
    .where({ 'i.dry_run': true })
    .whereRaw('(j.id is null or j.ended_at is not null)')
    .whereExists(
      db('customer_import_drafts as d')
        .select(db.raw('1'))
        .whereRaw('d.company_id = i.company_id and d.import_id = i.id'),
    )
    .first();

/** Closes an import without file and errors. It keeps its counts, and what its job says. */
export const closeImport = (db: Db, company_id: string, id: string): PromiseLike<unknown> =>
  db.raw(
    `update customer_imports i
        set closed_status = coalesce(j.status, 'failed'), started_at = j.started_at, ended_at = j.ended_at, file = null,
            analysis = null, erased_rows = '{}'
       from customer_imports own left join jobs j on j.company_id = own.company_id and j.id = own.id
      where own.company_id = ? and own.id = ? and i.company_id = own.company_id and i.id = own.id`,
    [company_id, id],
  );

/** Whether an import has the stored file. */
export const isFileInUse = async (db: Db, company_id: string, file: string): Promise<boolean> =>
  (await db('customer_imports').select(db.raw('1')).where({ company_id, file }).first()) !== undefined;
