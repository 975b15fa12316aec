import { multilineText, text } from '@clientela/validation';

/** A converted value, the reason why there is none, or neither for an empty one. */
export type Converted<T> = { value?: T; reason?: string };

/** Letters of Latin and Cyrillic and ASCII, all visible but the blank, and in NFC whatever their order. */
const plainText = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0400-\u0482\u048a-\u052f]*$/;
/** Line breaks, tabs and the like; vertical tabs are line breaks of Outlook and FileMaker. */
const lineBreaks = /[\t\n\v\f\r]/;

/**
 * Says why a text may not be stored. U+FFFD stands for bytes that a decoder could not read.
 * @returns undefined for a text that may
 */
export function textFault(value: string): string | undefined {
  if (value.includes('\ufffd')) return 'has characters that could not be decoded';
  if (value.includes('\0') || !value.isWellFormed()) return 'must not contain control characters or broken Unicode';
  return undefined;
}

const schemas = new Map<string, ReturnType<typeof text>>();

/** Checks a text by the schema of the API. */
function readBySchema(value: string, max: number, isMultiline: boolean): Converted<string> {
  const fault = textFault(value);
  if (fault) return { reason: fault };
  const key = `${max} ${isMultiline}`;
  let schema = schemas.get(key);
  if (!schema) schemas.set(key, (schema = isMultiline ? multilineText(max, 0) : text(max, 0)));
  const { data, error } = schema.safeParse(value);
  if (error) return { reason: error.issues[0]?.message ?? 'is not valid' };
  return data === '' ? {} : { value: data };
}

/**
 * Reads one line of text by the API's rules. Line breaks and tabs become one blank each.
 * @param max length in code points
 */
export function readLine(value: string, max: number): Converted<string> {
  // Bounds the work for a hostile value; no line of the API comes near.
  if (value.length > maxLine) {
    const trimmed = value.trim();
    return trimmed.length > maxLine ? { reason: textFault(value) ?? tooLong(max) } : readLine(trimmed, max);
  }
  const line = lineBreaks.test(value) ? joinParts(value.split(lineBreaks)) : value;
  if (line.length > max || !plainText.test(line)) return readBySchema(line, max, false);
  const trimmed = line.trim();
  return trimmed === '' ? {} : { value: trimmed };
}

const joinParts = (parts: readonly string[]): string =>
  parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .join(' ');

const maxLine = 10_000;
const tooLong = (max: number) => `must have 1 to ${max} characters`;

/** Joins the lines of an address with `, `. A text that is too long for one stays, and fails later. */
export const joinLines = (value: string): string =>
  value.length <= maxLine && /[\r\n\v]/.test(value)
    ? value
        .split(/[\r\n\v]/)
        .map(withoutCommasAround)
        .filter((line) => line !== '')
        .join(', ')
    : value;

/** Removes blanks and commas around a text, in time proportional to its length, which a regular expression would not. */
function withoutCommasAround(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && blankOrComma.test(text.charAt(start))) start += 1;
  while (end > start && blankOrComma.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const blankOrComma = /[\s,]/;

/** Reads a text of several lines, with `\n` as its line break. */
export function readLines(value: string, max: number): Converted<string> {
  const lines = value.replaceAll(/\r\n?|[\v\f]/g, '\n');
  return readBySchema(lines, max, true);
}

/** Removes the apostrophe by which a spreadsheet keeps digits as text. */
export const withoutTextMark = (value: string): string => value.replace(/^\s*['’](?=[\s\d+(])/, '');

/** Words by which people and programs say that a cell is empty. */
const emptyWords = new Set([
  '-',
  '–',
  '—',
  'n/a',
  'na',
  'null',
  'none',
  'undefined',
  'nan',
  '#n/a',
  '#value!',
  '#ref!',
]);
export const isEmptyWord = (value: string): boolean => value.length <= 9 && emptyWords.has(value.trim().toLowerCase());
