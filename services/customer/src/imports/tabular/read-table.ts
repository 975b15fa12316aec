import { buildRecord } from '../values/build-record.ts';
import type { SourceRecord } from '../source-record.ts';
import { isEmpty, type TableAnalysis } from './analyze-table.ts';
import { createExportReader } from './own-export.ts';
import { readRows } from './rows.ts';
import { createPersonReader } from './to-person.ts';

/**
 * Reads the rows of a table as records. Wholly empty rows are left out; a row that cannot be read is a failure.
 * @param country ISO 3166 code of the company, by which national phone numbers are read
 */
export async function* readTable(
  path: string,
  analysis: TableAnalysis,
  { country, signal }: { country: string; signal?: AbortSignal },
): AsyncGenerator<SourceRecord> {
  const { columns, date_order, gender_of_m, header_row } = analysis;
  const toPerson = createPersonReader(columns);
  const toRecord = analysis.is_own_export
    ? createExportReader(columns)
    : (row: number, cells: readonly string[]) =>
        buildRecord(toPerson(row, cells), { country, date_order, gender_of_m });
  for await (const { number, cells, fault } of readRows(path, analysis, signal)) {
    if (number <= header_row) continue;
    if (fault !== undefined)
      yield { row: number, fields: {}, notes: [], remarks: [], failure: { column: null, reason: fault } };
    else if (!isEmpty(cells)) yield toRecord(number, cells);
  }
}
