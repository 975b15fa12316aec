import type { Column } from './columns.ts';
import type { Customer } from '../customers/schema.ts';

/**
 * Beginnings of a cell that a spreadsheet may run as a formula (OWASP, CSV injection), in full width too. The apostrophe is among them, so
 * that `restoreText` can tell one that the export has put before a value from the value's own.
 */
const isEscaped = /^[=+\-@\t\r＝＋－＠']/;

/** Puts an apostrophe before a text that a spreadsheet may run as a formula. */
export const neutralizeText = (text: string): string => (isEscaped.test(text) ? `'${text}` : text);

/** Removes the apostrophe that `neutralizeText` put before a text; for cells of our own export only (`isExportHeader`). */
export const restoreText = (cell: string): string =>
  cell.startsWith("'") && isEscaped.test(cell.slice(1)) ? cell.slice(1) : cell;

/** Returns the cell of a column: empty for null, tags and metadata as JSON. Text is neutralized; an amount may begin with a minus. */
export function toCell({ field, part }: Column, customer: Customer): string {
  const value = customer[field];
  const cell = (part === undefined ? value : (value as Parts | null)?.[part]) ?? null;
  if (cell === null) return '';
  if (typeof cell === 'object') return JSON.stringify(cell);
  return typeof cell === 'string' && field !== 'lifetime_value' ? neutralizeText(cell) : String(cell);
}

type Parts = Readonly<Record<string, string | boolean | null>>;

/** Returns a customer with the fields of the columns only, as the API answers it; of an object only the parts that are named. */
export function pickFields(columns: readonly Column[], customer: Customer): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const { field, part } of columns) {
    const value = customer[field] as Parts | null;
    picked[field] = part === undefined || value === null ? value : { ...(picked[field] as Parts), [part]: value[part] };
  }
  return picked;
}
