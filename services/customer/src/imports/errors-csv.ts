import type { Db } from '@clientela/db';
import { neutralizeText } from '../exports/rules.ts';
import { listProblems, maxProblems, type StoredProblem } from './store.ts';

const rowsPerQuery = 1000;

/** Writes a cell (RFC 4180) that no spreadsheet runs. */
function csvCell(text: string): string {
  const safe = neutralizeText(text);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const toLine = ({ row_number, column_name, reason }: StoredProblem): string =>
  `${row_number || ''},${csvCell(column_name ?? '')},${csvCell(reason)}\r\n`;

/** Streams the problems of an import as CSV in the order of the file: row, column, reason. */
export async function* errorsCsv(db: Db, company_id: string, import_id: string): AsyncGenerator<string> {
  yield 'row,column,reason\r\n';
  let total = 0;
  for (let after: StoredProblem | undefined; ;) {
    const rows = await listProblems(db, company_id, import_id, { after, limit: rowsPerQuery });
    if (rows.length > 0) yield rows.map(toLine).join('');
    total += rows.length;
    after = rows.at(-1);
    if (rows.length < rowsPerQuery) break;
  }
  if (total >= maxProblems) yield `,,Only the first ${maxProblems} problems are listed\r\n`;
}
