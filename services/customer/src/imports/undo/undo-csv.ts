import { stringify } from 'csv-stringify/sync';
import type { Db } from '@clientela/db';
import { neutralizeText } from '../../exports/rules.ts';
import { listUndoProblems, type UndoProblem } from './store.ts';

const rowsPerQuery = 1000;

const toRow = ({ row_number, customer_number, field, reason }: UndoProblem) => [
  row_number ? String(row_number) : '',
  String(customer_number),
  neutralizeText(field ?? ''),
  reason,
];

/** Streams what an undo left as it is, in the order of the file: row, number of the customer, field, reason. */
export async function* undoCsv(db: Db, company_id: string, import_id: string): AsyncGenerator<string> {
  yield 'row,number,field,reason\r\n';
  for (let after: UndoProblem | undefined; ;) {
    const problems = await listUndoProblems(db, company_id, import_id, { after, limit: rowsPerQuery });
    yield stringify(problems.map(toRow), { record_delimiter: '\r\n' });
    after = problems.at(-1);
    if (problems.length < rowsPerQuery) return;
  }
}
