import { open, rm, type FileHandle } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { AppError } from '@clientela/errors';
import { idOf, localDigitsOf, toSourceRecord, type SourceCounts, type SourceRow } from './rules.ts';
import type { ImportSource } from './settings.ts';
import { readSourceRows } from './source.ts';

/** The longest table that is read: its phones are kept in memory, about 40 bytes each. */
const maxRows = 5_000_000;

export type SpoolOptions = {
  signal: AbortSignal;
  /** Bytes of the file. */
  maxBytes: number;
  log: { warn: (fields: object, message: string) => void };
  /** Called after each page with the number of rows read. */
  onProgress?: (read: number) => Promise<void> | void;
  /** Rows by page. */
  pageSize?: number;
  sleep?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
};

const defaultSleep = (milliseconds: number, signal: AbortSignal) => setTimeout(milliseconds, undefined, { signal });

/**
 * Writes the customers of the source into a local file, as of one read, so that a source that fails in the middle imports nothing.
 * Tries again as configured; each try reads everything from the start.
 * @throws AppError `IMPORT_SOURCE_UNAVAILABLE` after the last try, without a file
 */
export async function spoolSource(path: string, source: ImportSource, options: SpoolOptions): Promise<SourceCounts> {
  const { signal, log, sleep = defaultSleep } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await writeSpool(path, source, options);
    } catch (error) {
      await rm(path, { force: true });
      signal.throwIfAborted();
      if (!isSourceUnavailable(error)) throw error;
      // Messages of a database may quote values, so the log has only their codes.
      log.warn({ attempt, code: codeOf(error) }, 'reading the import source failed');
      if (attempt > source.retries) throw error;
      await sleep(source.pause, signal);
    }
  }
}

const isSourceUnavailable = (error: unknown) =>
  error instanceof AppError && error.error_code === 'IMPORT_SOURCE_UNAVAILABLE';

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return 'unknown';
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

async function writeSpool(path: string, source: ImportSource, options: SpoolOptions): Promise<SourceCounts> {
  const file = await open(path, 'w', 0o600);
  try {
    const counts: SourceCounts = { read: 0, skipped: 0, duplicates: 0, invalid_emails: 0 };
    const seen = new Set<number>();
    let bytes = 0;
    for await (const rows of readSourceRows(source, options)) {
      bytes += await writeRows(file, rows, { counts, seen });
      if (bytes > options.maxBytes || counts.read > maxRows)
        throw new AppError('too_large', { detail: 'The import source has too many rows' });
      await options.onProgress?.(counts.read);
    }
    await file.sync();
    return counts;
  } finally {
    await file.close();
  }
}

/** Appends the customers among the rows. @returns the bytes written */
async function writeRows(
  file: FileHandle,
  rows: SourceRow[],
  { counts, seen }: { counts: SourceCounts; seen: Set<number> },
): Promise<number> {
  const now = Date.now();
  const lines: string[] = [];
  for (const row of rows) {
    counts.read += 1;
    const digits = localDigitsOf(row.phone);
    const row_id = idOf(row);
    if (digits === undefined || row_id === undefined) counts.skipped += 1;
    else if (seen.has(Number(digits))) counts.duplicates += 1;
    else {
      seen.add(Number(digits));
      const record = toSourceRecord({ ...row, row_id }, digits, { row: counts.read, now });
      counts.invalid_emails += record.remarks.length;
      lines.push(`${JSON.stringify(record)}\n`);
    }
  }
  const text = lines.join('');
  await file.writeFile(text);
  return Buffer.byteLength(text);
}
