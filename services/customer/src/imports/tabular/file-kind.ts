import { isUtf8 } from 'node:buffer';
import { AppError } from '@clientela/errors';

/** An error about the file as a whole. Its message is shown to the person who imports. */
export const unreadable = (detail: string): AppError =>
  new AppError('invalid', { error_code: 'IMPORT_FILE_UNREADABLE', detail });

const startsWith = (head: Buffer, ...bytes: number[]) => head.subarray(0, bytes.length).equals(Buffer.from(bytes));
const ascii = (head: Buffer, from: number, to: number) => head.subarray(from, to).toString('latin1');

const spreadsheet = 'save it as CSV (UTF-8) in the program that made it';
/** Files by their first bytes, and what to do with them. */
const binaryKinds: readonly [is: (head: Buffer) => boolean, detail: string][] = [
  [(head) => startsWith(head, 0x50, 0x4b, 3, 4), `The file is a ZIP archive or an Excel workbook; ${spreadsheet}`],
  [(head) => startsWith(head, 0x50, 0x4b, 5, 6), 'The file is an empty ZIP archive'],
  [(head) => startsWith(head, 0xd0, 0xcf, 0x11, 0xe0), `The file is an old Excel workbook; ${spreadsheet}`],
  [(head) => startsWith(head, 0x1f, 0x8b), 'The file is compressed (gzip); extract it first'],
  [(head) => startsWith(head, 0x42, 0x5a, 0x68), 'The file is compressed (bzip2); extract it first'],
  [(head) => startsWith(head, 0x37, 0x7a, 0xbc, 0xaf), 'The file is compressed (7z); extract it first'],
  [(head) => startsWith(head, 0x28, 0xb5, 0x2f, 0xfd), 'The file is compressed (zstd); extract it first'],
  [(head) => startsWith(head, 0xfd, 0x37, 0x7a, 0x58), 'The file is compressed (xz); extract it first'],
  [(head) => ascii(head, 0, 4) === 'Rar!', 'The file is compressed (RAR); extract it first'],
  [(head) => ascii(head, 0, 5) === '%PDF-', 'The file is a PDF document'],
  [(head) => startsWith(head, 0x89, 0x50, 0x4e, 0x47), 'The file is an image (PNG)'],
  [(head) => startsWith(head, 0xff, 0xd8, 0xff), 'The file is an image (JPEG)'],
  [(head) => ascii(head, 0, 4) === 'GIF8', 'The file is an image (GIF)'],
  [(head) => ascii(head, 0, 4) === 'RIFF', 'The file is an image, sound or film (RIFF)'],
  [(head) => ascii(head, 4, 8) === 'ftyp', 'The file is an image or a film (ISO media)'],
  [(head) => startsWith(head, 0x7f, 0x45, 0x4c, 0x46), 'The file is a program'],
  [(head) => ascii(head, 0, 15) === 'SQLite format 3', 'The file is an SQLite database'],
  [(head) => ascii(head, 0, 5) === '{\\rtf', 'The file is an RTF document'],
];

/** Rejects a file that is no text, by its first bytes. */
export function rejectBinary(head: Buffer): void {
  if (head.length === 0) throw unreadable('The file is empty');
  const found = binaryKinds.find(([is]) => is(head));
  if (found) throw unreadable(found[1]);
  if (unicodeWithoutMark(head) === undefined && byteOrderMark(head) === undefined && isBinary(head))
    throw unreadable('The file is binary, not a text with one customer per row');
}

/** Rejects web pages and XML, as which some programs write their tables. */
export function rejectMarkup(head: string): void {
  if (/^\s*<(?:!doctype|html|\?xml|table|head|body)\b/i.test(head))
    throw unreadable(`The file is a web page or XML, whatever its name says; ${spreadsheet}`);
  if (head.trim() === '') throw unreadable('The file has no rows');
}

/** The control characters that texts have: tab, line breaks, and ends of files of DOS. */
const textControls = new Set([0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1a, 0x1b]);
const maxControls = 0.1;

const isBinary = (head: Buffer): boolean => {
  let controls = 0;
  for (const byte of head) if (byte < 0x20 && !textControls.has(byte)) controls += 1;
  return (
    controls > Math.max(32, head.length * maxControls) || (controls > 0 && !isUtf8(head) && controls * 50 > head.length)
  );
};

export type Unicode = 'utf-8' | 'utf-16le' | 'utf-16be';

/** Reads a byte order mark. */
export function byteOrderMark(head: Buffer): { encoding: Unicode; length: number } | undefined {
  if (startsWith(head, 0xef, 0xbb, 0xbf)) return { encoding: 'utf-8', length: 3 };
  if (startsWith(head, 0xff, 0xfe, 0, 0) || startsWith(head, 0, 0, 0xfe, 0xff))
    throw unreadable('The file is in UTF-32, which is not supported; save it in UTF-8');
  if (startsWith(head, 0xff, 0xfe)) return { encoding: 'utf-16le', length: 2 };
  if (startsWith(head, 0xfe, 0xff)) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

const samplePairs = 2000;

/** Recognizes UTF-16 without a mark: line breaks, blanks and separators have a zero byte on one side. */
export function unicodeWithoutMark(head: Buffer): Unicode | undefined {
  let [little, big, pairs] = [0, 0, 0];
  for (let at = 0; at + 1 < head.length && pairs < samplePairs; at += 2, pairs += 1) {
    const [first = 0, second = 0] = [head[at], head[at + 1]];
    if (second === 0 && first >= 0x09 && first < 0x7f) little += 1;
    if (first === 0 && second >= 0x09 && second < 0x7f) big += 1;
  }
  if (pairs < 2) return undefined;
  // Letters of other scripts have no zero byte, but what is between them has.
  if (little > pairs * 0.2 && big === 0) return 'utf-16le';
  if (big > pairs * 0.2 && little === 0) return 'utf-16be';
  return undefined;
}
