import type { SourceRecord } from './source-record.ts';
import { readRecordsFile } from './records-file.ts';
import type { Analyzed, ImportRun, StoredFile } from './store.ts';

type Choices = Pick<ImportRun, 'encoding' | 'separator' | 'mapping'>;

export async function analyzeSource(_path: string, _choices: Choices, _signal: AbortSignal): Promise<Analyzed> {
  return { format: 'records', encoding: null, separator: null, mapping: null, left_behind: [], analysis: { rows: 1 } };
}

/** Reads the records of an uploaded file. */
export async function* readSource(
  path: string,
  _file: Pick<StoredFile, 'analysis' | 'country'> & Choices,
  _signal: AbortSignal,
): AsyncGenerator<SourceRecord> {
  yield* readRecordsFile(path);
}
