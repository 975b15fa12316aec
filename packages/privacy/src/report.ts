import type { ErasureReport } from '@clientela/contracts';
import { storedResponsesTable, redactedColumns } from '@clientela/http';
import { blankValues, columnsOf, type Catalog } from './catalog.ts';
import { stepName } from './steps.ts';
import type { DataInventory } from './inventory.ts';
import type { Progress } from './store.ts';

type Line = { table: string; rows: number; columns: string[]; why?: string };

/** Merges the lines of a table, which has one for each of its policies: rows add up, columns and reasons are united. */
function mergeByTable<L extends Line>(lines: readonly L[]): L[] {
  const merged = new Map<string, L>();
  for (const line of lines) {
    const earlier = merged.get(line.table);
    const whys = new Set([earlier?.why, line.why].filter((why) => why !== undefined));
    merged.set(line.table, {
      ...line,
      rows: line.rows + (earlier?.rows ?? 0),
      columns: [...new Set([...(earlier?.columns ?? []), ...line.columns])],
      ...(whys.size > 0 && { why: [...whys].join('; ') }),
    });
  }
  return [...merged.values()];
}

/** Builds the report of an erasure. Each of its lists names a table once. */
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
  return {
    service,
    erased: mergeByTable(report.erased),
    anonymised: mergeByTable(report.anonymised),
    kept: mergeByTable(report.kept),
  };
}
