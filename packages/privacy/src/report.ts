import type { ErasureReport } from '@clientela/contracts';
import { storedResponsesTable, redactedColumns } from '@clientela/http';
import { blankValues, columnsOf, type Catalog } from './catalog.ts';
import { stepName } from './steps.ts';
import type { DataInventory } from './inventory.ts';
import type { Progress } from './store.ts';

/** Builds the report of an erasure, one line per policy. */
export function buildReport(
  { service, tables }: DataInventory,
  catalog: Catalog,
  { rows, kept }: Pick<Progress, 'rows' | 'kept'>,
): Omit<ErasureReport, 'done_at'> {
  const report = { service, erased: [], anonymised: [], kept: [] } as Omit<ErasureReport, 'done_at'>;
  for (const table of tables) {
    const columns = columnsOf(catalog, table.table);
    const line = { table: table.table, rows: rows[stepName(table)] ?? 0 };
    const { erasure } = table;
    if (erasure === 'delete')
      report.erased.push({
        ...line,
        columns: columns.filter((column) => column.class !== 'technical').map(({ name }) => name),
      });
    else if ('anonymise' in erasure)
      report.anonymised.push({
        ...line,
        columns: Object.keys(blankValues(columns, erasure.columns)),
        why: erasure.anonymise,
      });
    // A kept table without rows has nothing to report.
    else if (line.rows > 0) report.kept.push({ ...line, columns: [...erasure.columns], why: erasure.keep });
  }
  report.kept.push(...kept);
  report.anonymised.push({
    table: storedResponsesTable,
    rows: rows[storedResponsesTable] ?? 0,
    columns: redactedColumns,
    why: 'the record that a request was handled is kept for 24 hours, so that a repeat has no effect',
  });
  return report;
}
