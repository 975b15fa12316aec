import { WritableCustomer } from '../../customers/schema.ts';
import { columns as exportColumns, type Column as ExportColumn } from '../../exports/columns.ts';
import { restoreText } from '../../exports/rules.ts';
import type { Remark, SourceRecord } from '../source-record.ts';
import type { Column } from './columns.ts';

/** Fields that a POST writes. The others of an export are kept by the service itself. */
const written: ReadonlySet<string> = new Set([
  ...Object.keys(WritableCustomer.shape),
  'number',
  'status',
  'type',
  'tags',
]);

/** The roles of the columns of an export: the fields themselves. */
export const ownExportColumns = (header: readonly string[]): Column[] =>
  header.map((name) => ({ name, role: written.has(name.split('.')[0] ?? '') ? name : 'left_behind' }));

const numbers = new Set(['number', 'city_id']);
const documents = new Set(['metadata', 'tags']);
const booleans = new Set(['newsletter', 'notifications']);

/** Compiles the columns of an export, whose cells are read as they were written. */
export function createExportReader(
  columns: readonly Column[],
): (row: number, cells: readonly string[]) => SourceRecord {
  const known = new Map(exportColumns.map((column) => [column.name, column]));
  const sources = columns.map(({ role }) => (role === 'left_behind' ? undefined : known.get(role)));
  return (row, cells) => {
    const fields: Record<string, unknown> = {};
    const remarks: Remark[] = [];
    for (const [index, column] of sources.entries()) {
      const cell = cells[index] ?? '';
      if (column === undefined || cell === '') continue;
      const value = readCell(column, restoreText(cell));
      if (value === undefined) remarks.push({ column: column.name, reason: 'is not what an export writes' });
      else if (column.part === undefined) fields[column.field] = value;
      else fields[column.field] = { ...(fields[column.field] as object | undefined), [column.part]: value };
    }
    return { row, fields, notes: [], remarks };
  };
}

/** Reads a cell as its field has it; undefined for what no export writes. */
function readCell({ field, part }: ExportColumn, cell: string): unknown {
  if (part !== undefined && booleans.has(part)) return cell === 'true' ? true : cell === 'false' ? false : undefined;
  if (numbers.has(field)) return /^\d{1,15}$/.test(cell) ? Number(cell) : undefined;
  if (!documents.has(field)) return cell;
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return undefined;
  }
}
