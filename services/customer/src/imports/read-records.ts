import type { FileAnalysis } from './analyze-file.ts';
import { readJson } from './json-lines/read-json.ts';
import type { SourceRecord } from './source-record.ts';
import { readTable } from './tabular/read-table.ts';
import { readVcards } from './vcard/read-vcards.ts';

/**
 * Reads the records of a file that was analyzed, in its order, one at a time. Reading it again gives the same records.
 * @param options.country ISO 3166 code of the company, by which national phone numbers are read
 * @param options.signal ends the reading with its reason
 */
export function readRecords(
  path: string,
  analysis: FileAnalysis,
  options: { country: string; signal?: AbortSignal },
): AsyncIterable<SourceRecord> {
  if (analysis.format === 'vcard') return readVcards(path, analysis, options);
  return 'header_row' in analysis ? readTable(path, analysis, options) : readJson(path, analysis, options);
}
