import type { ErasureReport } from '@clientela/contracts';
import { storedResponsesTable, redactedColumns } from '@clientela/http';
import { blankValues, columnsOf, type Catalog } from './catalog.ts';
import { goneFirst, stepName } from './steps.ts';
import type { DataInventory } from './inventory.ts';

/** What an erasure came to, in the words of the receipt. */
export function buildReport(
  { service, tables }: DataInventory,
  catalog: Catalog,
  touched: Readonly<Record<string, number>>,
): Omit<ErasureReport, 'done_at'> {
  const report = { service, erased: [], anonymised: [], kept: [] } as Omit<ErasureReport, 'done_at'>;
  for (const table of tables) {
    const columns = columnsOf(catalog, table.table);
    const first = tables.find((one) => one.table === table.table) === table;
    const before = first ? (touched[goneFirst(table.table)] ?? 0) : 0;
    const line = { table: table.table, rows: before + (touched[stepName(table)] ?? 0) };
    const { erasure } = table;
    if (erasure === 'delete')
      report.erased.push({
        ...line,
        columns: columns.filter(({ class: said }) => said !== 'technical').map(({ name }) => name),
      });
    else if ('anonymise' in erasure)
      report.anonymised.push({
        ...line,
        columns: Object.keys(blankValues(columns, erasure.columns)),
        why: erasure.anonymise,
      });
    // What is not there refers to nobody.
    else if (line.rows > 0) report.kept.push({ ...line, columns: [...erasure.columns], why: erasure.keep });
  }
  report.anonymised.push({
    table: storedResponsesTable,
    rows: touched[storedResponsesTable] ?? 0,
    columns: redactedColumns,
    why: 'that a request was answered stays known for 24 hours, so that a repeat does nothing',
  });
  return report;
}
