import { stringify } from 'csv-stringify/sync';
import type { Db } from '@clientela/db';
import { neutralizeText } from '../exports/rules.ts';
import { listProblems, maxProblems, type StoredProblem } from './store.ts';

const rowsPerQuery = 1000;

const toLines = (rows: readonly (readonly [number, string | null, string])[]): string =>
  stringify(
    rows.map(([row, column, reason]) => [row || '', neutralizeText(column ?? ''), neutralizeText(reason)]),
    { record_delimiter: '\r\n' },
  );

/** Streams the problems of an import as CSV in the order of the file: row, column, reason. */
export async function* errorsCsv(db: Db, company_id: string, import_id: string): AsyncGenerator<string> {
  yield 'row,column,reason\r\n';
  let total = 0;
  for (let after: StoredProblem | undefined; ;) {
    const rows = await listProblems(db, company_id, import_id, { after, limit: rowsPerQuery });
    yield toLines(rows.map(({ row_number, column_name, reason }) => [row_number, column_name, reason]));
    total += rows.length;
    after = rows.at(-1);
    if (rows.length < rowsPerQuery) break;
  }
  if (total >= maxProblems) yield toLines([[0, null, `Only the first ${maxProblems} problems are listed`]]);
}
