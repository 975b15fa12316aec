import type { FileAnalysis } from './analyze-file.ts';
import type { SourceRecord } from './source-record.ts';
import { readTable } from './tabular/read-table.ts';
import { readVcards } from './vcard/read-vcards.ts';

/**
 * Reads the records of a file that was analyzed, in its order, one at a time. Reading it again gives the same records.
 * @param options.country ISO 3166 code of the company, by which national phone numbers are read
 * @param options.signal ends the reading with its reason
 */
export const readRecords = (
  path: string,
  analysis: FileAnalysis,
  options: { country: string; signal?: AbortSignal },
): AsyncIterable<SourceRecord> =>
  'columns' in analysis ? readTable(path, analysis, options) : readVcards(path, analysis, options);
