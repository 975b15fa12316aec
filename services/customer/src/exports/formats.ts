import { stringify } from 'csv-stringify/sync';
import type { Customer } from '../customers/schema.ts';
import type { Column } from './columns.ts';
import { pickFields, toCell } from './rules.ts';

/** A file format: its media type, the text before the first customer, and the text of some customers. */
export type Format = {
  mediaType: string;
  head: (columns: readonly Column[]) => string;
  body: (columns: readonly Column[], customers: readonly Customer[]) => string;
};

const byteOrderMark = '\uFEFF'; // without it Excel reads UTF-8 as the code page of the machine

/** RFC 4180. A row of one empty cell is quoted, because readers skip an empty line. */
const toCsv = (rows: readonly (readonly string[])[]): string =>
  stringify(
    rows.map((row) => [...row]),
    { record_delimiter: '\r\n', quoted_empty: rows[0]?.length === 1 },
  );

export const formats = {
  csv: {
    mediaType: 'text/csv; charset=utf-8',
    head: (columns) => byteOrderMark + toCsv([columns.map(({ name }) => name)]),
    body: (columns, customers) => toCsv(customers.map((customer) => columns.map((column) => toCell(column, customer)))),
  },
  jsonl: {
    mediaType: 'application/x-ndjson; charset=utf-8',
    head: () => '',
    body: (columns, customers) =>
      customers.map((customer) => `${JSON.stringify(pickFields(columns, customer))}\n`).join(''),
  },
} as const satisfies Record<string, Format>;
