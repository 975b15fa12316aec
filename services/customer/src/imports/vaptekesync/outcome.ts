import { AppError, conflict, invalid, unavailable } from '@clientela/errors';
import type { Import, ImportOptions } from '../schema.ts';
import type { SourceImportCounts } from './schema.ts';
import type { ImportSource } from './settings.ts';

/** @throws AppError 503 `IMPORT_SOURCE_NOT_CONFIGURED` */
export function requireSource(source: ImportSource | undefined): ImportSource {
  if (source) return source;
  throw unavailable('No import source is configured', {
    error_code: 'IMPORT_SOURCE_NOT_CONFIGURED',
    retryAfter: 3600,
  });
}

/** The source and the options of an import: the rules of the source leave no choice but `dry_run`. */
export const sourceImportOptions = (dry_run: boolean) => ({
  source: { source: 'vaptekesync', file: null, upload_started_at: null } as const,
  options: {
    match_on: 'phone',
    on_match: 'skip',
    dry_run,
    encoding: null,
    separator: null,
    mapping: null,
  } satisfies ImportOptions,
});

/** Returns `dry_run`. @throws AppError 422 for options of files, because the rules of the source leave no choice */
export function sourceDryRun({ dry_run }: ImportOptions, choices: object): boolean {
  const others = Object.entries(choices).filter(([name, value]) => value !== undefined && name !== 'dry_run');
  if (others.length > 0) throw invalid(others.map(([path]) => ({ path, message: 'is an option of files only' })));
  return dry_run;
}

/** Joins what the read counted with what the import did. */
export function toSourceCounts(ended: Import): SourceImportCounts {
  const { created, skipped, failed, started_at, ended_at, source_counts = {} } = ended;
  const { read = 0, skipped: unusable = 0, duplicates = 0, invalid_emails = 0, emails_taken = 0 } = source_counts;
  const milliseconds = started_at && ended_at ? Date.parse(ended_at) - Date.parse(started_at) : 0;
  return {
    read,
    imported: created,
    skipped: unusable + skipped + failed,
    duplicates,
    invalid_emails,
    emails_taken,
    seconds: Math.max(0, milliseconds) / 1000,
  };
}

/** Describes why an import did not end as done. */
export function sourceImportError({ status, error, error_code }: Import): AppError {
  if (status === 'cancelled') return conflict({ error_code: 'IMPORT_CANCELLED', detail: 'The import was cancelled' });
  return unavailable(error ?? 'The import failed', { error_code: error_code ?? 'IMPORT_FAILED', retryAfter: 60 });
}
