import type { SourceRecord } from './source-record.ts';
import type { StoredFile } from './store.ts';

/** Reads the records of an uploaded file. */
export async function* readSource(
  _path: string,
  _file: Pick<StoredFile, 'analysis' | 'encoding' | 'separator' | 'mapping' | 'country'>,
  _signal: AbortSignal,
): AsyncGenerator<SourceRecord> {}
