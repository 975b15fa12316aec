import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { unreadable } from './file-kind.ts';
import { comparedName } from './headers/names.ts';
import { findRoles } from './roles.ts';
import { csvOptions, type Layout } from './rows.ts';

const separators = [',', ';', '\t', '|'];
const separatorLine = /^"?sep=(.)"?(?:\r\n|\n|\r)/i;
/** Rows in which a header is looked for; title lines are before it. */
const maxTitles = 50;
export const maxColumns = 1000;

export type Table = Omit<Layout, 'encoding'> & {
  /** Row of the header as a spreadsheet counts. */
  header_row: number;
  header: string[];
};

/**
 * Finds the separator and the header of a table.
 * @param head decoded first part of the file
 * @param mapped names that the caller's mapping knows
 */
export function findTable(head: string, chosen: string | undefined, mapped: readonly string[]): Table {
  const [line, separator] = separatorLine.exec(head) ?? [];
  const text = head.slice(line?.length ?? 0);
  const hasCarriageReturns = !text.includes('\n') && text.includes('\r');
  const candidates = chosen === undefined ? (separator === undefined ? separators : [separator]) : [chosen];
  const known = new Set(mapped.map(comparedName));
  const found = candidates
    .map((candidate) => findHeader(readHead(text, candidate, hasCarriageReturns), candidate, known))
    .toSorted((one, other) => other.known - one.known || other.header.length - one.header.length)[0];
  if (found === undefined || found.header.length === 0) throw unreadable('The file has no rows');
  if (found.header.length > maxColumns) throw unreadable(`The header has more than ${maxColumns} columns`);
  if (found.known === 0)
    throw unreadable('No column of the file is known; name the columns of its header in the mapping of the import');
  return {
    separator: found.separator,
    has_separator_line: line !== undefined,
    has_carriage_returns: hasCarriageReturns,
    header_row: found.row,
    header: found.header,
  };
}

/** Reads the first rows. The head may end within a row, or have an unclosed quote. */
function readHead(text: string, separator: string, hasCarriageReturns: boolean): string[][] {
  const rows: string[][] = [];
  try {
    parse(text, {
      ...csvOptions({ separator, has_carriage_returns: hasCarriageReturns }),
      to: maxTitles,
      on_record: (cells: string[]) => {
        rows.push(cells);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return rows;
}

type Header = { separator: string; row: number; header: string[]; known: number };

/** Finds the first row that names known columns: two or more, else one. */
function findHeader(rows: readonly string[][], separator: string, mapped: ReadonlySet<string>): Header {
  const candidates = rows.map((cells, index): Header => ({
    separator,
    row: index + 1,
    header: cells,
    known: countKnown(cells, mapped),
  }));
  const first = candidates.find(({ header }) => header.some((cell) => cell.trim() !== ''));
  return (
    candidates.find(({ known }) => known >= 2) ??
    candidates.find(({ known }) => known === 1) ??
    first ?? { separator, row: 1, header: [], known: 0 }
  );
}

function countKnown(cells: readonly string[], mapped: ReadonlySet<string>): number {
  if (cells.length > maxColumns) return 0;
  const roles = findRoles(cells);
  return cells.filter((cell, index) => roles[index] !== undefined || (cell !== '' && mapped.has(comparedName(cell))))
    .length;
}
