import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Db } from '@clientela/db';
import type { Log } from '@clientela/runtime';
import type { JobControl, RunningJob } from '../../jobs/job-handler.ts';
import { readRecordsFile } from '../records-file.ts';
import type { ImportStorage } from '../settings.ts';
import type { SourceRecord } from '../source-record.ts';
import { saveSourceFile, type ImportRun } from '../store.ts';
import { recordsPath } from '../uploads.ts';
import { requireSource } from './outcome.ts';
import type { ImportSource } from './settings.ts';
import { spoolSource } from './spool.ts';

export type SpoolDeps = { db: Db; log: Log; importStorage: ImportStorage; importSource?: ImportSource | undefined };

/**
 * Opens the records of the outside source. The first attempt of the job reads the source into a file like that of an upload, to which
 * retention and erasures apply; later attempts continue with the same file.
 */
export async function openSpool(
  deps: SpoolDeps,
  { company_id, id }: RunningJob,
  control: JobControl,
  run: ImportRun,
): Promise<{ records: AsyncIterable<SourceRecord>; total: number }> {
  const { db, log, importStorage } = deps;
  if (run.file !== null) {
    const { read = 0, skipped = 0, duplicates = 0 } = run.source_counts ?? {};
    return {
      records: readRecordsFile(recordsPath(importStorage, company_id, run.file)),
      total: read - skipped - duplicates,
    };
  }
  const source = requireSource(deps.importSource);
  const file = randomBytes(16).toString('hex');
  const path = recordsPath(importStorage, company_id, file);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const started = new Date();
  const counts = await spoolSource(path, source, { signal: control.signal, log, maxBytes: importStorage.maxBytes });
  const total = counts.read - counts.skipped - counts.duplicates;
  await db.transaction(async (tx) => {
    await control.saveProgress(tx, { done: 0, total });
    await saveSourceFile(tx, company_id, id, { file, started, counts: { ...counts, emails_taken: 0 } });
  });
  return { records: readRecordsFile(path), total };
}
