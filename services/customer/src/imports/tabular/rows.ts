import { isUtf8 } from 'node:buffer';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { readUtf8 } from './encoding.ts';

/** One row of a table. */
export type Row = {
  /** As a spreadsheet counts: a record of several lines is one row, empty rows count. */
  number: number;
  cells: string[];
  /** Why the row cannot be read. */
  fault?: string;
};

export type Layout = {
  encoding: string;
  separator: string;
  /** Whether the first line is `sep=`, which spreadsheets do not count. */
  has_separator_line: boolean;
  /** Whether rows end with a carriage return alone, as on an old Mac. */
  has_carriage_returns: boolean;
};

/** Largest row, in bytes. An unclosed quote is given up behind it. */
export const maxRowBytes = 2 * 1024 * 1024;
/** Bytes that may be parsed a second time because of unclosed quotes; after that, what they enclose is one row. */
const maxReparsed = 16 * 1024 * 1024;

/**
 * Reads the rows of a table, in blocks, with bounded memory. A quote that is not closed spoils the line it is on; the next line is read again.
 * @param signal ends the reading with its reason
 */
export async function* readRows(path: string, layout: Layout, signal?: AbortSignal): AsyncGenerator<Row> {
  const table = createParser(layout);
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  let enough = 0; // bytes, with which a row that goes on is parsed again
  let isSkipping = false; // the rest of a line that is too long
  let isSeparatorLine = layout.has_separator_line;
  const blocks = withEnd(readUtf8(path, layout.encoding, signal));
  for await (const { block, isEnd } of blocks) {
    let bytes: Buffer = rest.length > 0 ? Buffer.concat([rest, block]) : block;
    if (isSkipping || isSeparatorLine) {
      const end = lineEnd(bytes, layout, isEnd);
      bytes = bytes.subarray(end ?? bytes.length);
      if (end !== undefined) isSkipping = isSeparatorLine = false;
    }
    if (bytes.length < enough && !isEnd) {
      rest = bytes;
      continue;
    }
    const { rows, end } = table.parse(bytes, isEnd);
    for (const { cells, fault } of rows) {
      number += 1;
      yield fault === undefined ? { number, cells } : { number, cells, fault };
    }
    rest = bytes.subarray(end);
    enough = end === 0 ? Math.min(bytes.length * 2, maxRowBytes + 1) : 0;
    if (rest.length > maxRowBytes) {
      number += 1;
      yield { number, cells: [], fault: tooLarge };
      isSkipping = true;
      rest = Buffer.alloc(0);
    }
  }
}

const tooLarge = `The row is larger than ${maxRowBytes / 1024 / 1024} MiB`;
const unclosed = 'A quote is opened and not closed';
const undecodable = 'The row has bytes that do not belong to the encoding of the file';

/** Returns where the first line ends, its line break included; undefined when it goes on behind the block. */
function lineEnd(bytes: Buffer, { has_carriage_returns }: Layout, isEnd: boolean): number | undefined {
  const at = bytes.indexOf(has_carriage_returns ? '\r' : '\n');
  if (at >= 0) return at + 1;
  return isEnd ? bytes.length : undefined;
}

/** Says of each block whether it is the last. */
async function* withEnd(blocks: AsyncIterable<Buffer>): AsyncGenerator<{ block: Buffer; isEnd: boolean }> {
  let previous: Buffer | undefined;
  for await (const block of blocks) {
    if (previous) yield { block: previous, isEnd: false };
    previous = block;
  }
  yield { block: previous ?? Buffer.alloc(0), isEnd: true };
}

/** Options by which csv-parse reads what people have: ragged rows, quotes within a cell, blanks before a quote. */
export const csvOptions = ({
  separator,
  has_carriage_returns,
}: Pick<Layout, 'separator' | 'has_carriage_returns'>) => ({
  delimiter: separator,
  // Rows may end differently within a file. Two carriage returns come from a double conversion of line breaks.
  record_delimiter: has_carriage_returns ? '\r' : ['\r\r\n', '\r\n', '\n'],
  relax_column_count: true,
  relax_quotes: true,
  ltrim: true,
});

type Parsed = { cells: string[]; fault?: string };

/** Creates a parser of blocks, which counts what it parses again. */
function createParser(layout: Layout) {
  const lineBreak = layout.has_carriage_returns ? '\r' : '\n';
  const options = csvOptions(layout);
  let reparsed = 0;

  /** Parses up to the first record that is spoilt by a quote. */
  function parseUntilFault(bytes: Buffer, rows: Parsed[], isEnd: boolean) {
    const first = rows.length;
    let [start, end] = [0, 0]; // of the last record
    let fault: { start: number; end: number } | undefined;
    try {
      parse(bytes, {
        ...options,
        on_record: (cells: string[], info) => {
          if (fault) return null;
          [start, end] = [end, info.bytes];
          if (isSuspicious(cells) && !isStrict(bytes.subarray(start, end))) fault = { start, end };
          else rows.push(end - start > maxRowBytes ? { cells: [], fault: tooLarge } : { cells });
          return null;
        },
      });
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      if (!fault && (isEnd || bytes.length - end > maxRowBytes)) fault = { start: end, end: bytes.length };
      if (!fault) return { end };
    }
    if (fault) return { end: fault.start, fault };
    // The last record may go on in the next block.
    if (isEnd || rows.length === first) return { end: isEnd ? bytes.length : 0 };
    rows.pop();
    return { end: start };
  }

  /** Whether a record of several lines has the quote of an unclosed cell at the start of its text. */
  const isSuspicious = (cells: readonly string[]) =>
    cells.some((cell) => cell.charCodeAt(0) === 0x22 && cell.includes(lineBreak));

  function isStrict(record: Buffer): boolean {
    try {
      parse(record, { ...options, relax_quotes: false, ltrim: false });
      return true;
    } catch {
      return false;
    }
  }

  return {
    /** Parses the whole records of a block. `end` is where the rest begins. */
    parse(block: Buffer, isEnd: boolean): { rows: Parsed[]; end: number } {
      const rows: Parsed[] = [];
      const isClean = isUtf8(block) && !block.includes('\ufffd');
      let position = 0;
      while (position < block.length) {
        const bytes = block.subarray(position);
        const { end, fault } = parseUntilFault(bytes, rows, isEnd);
        position += end;
        if (!fault) break;
        const line = bytes.subarray(fault.start).indexOf(lineBreak);
        if (line < 0 && !isEnd) break;
        rows.push({ cells: [], fault: unclosed });
        reparsed += fault.end - fault.start;
        position += reparsed > maxReparsed || line < 0 ? fault.end - fault.start : line + 1;
      }
      if (!isClean) for (const row of rows) if (row.cells.some(isUndecodable)) row.fault = undecodable;
      return { rows, end: position };
    },
  };
}

const isUndecodable = (cell: string): boolean => cell.includes('\ufffd');
