import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { byteOrderMark, unicodeWithoutMark } from './file-kind.ts';

/** The encodings a caller may choose, by names that people write. ISO 8859-1 is read as Windows-1252, as browsers do. */
const names: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  utf16: 'utf-16le',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  unicode: 'utf-16le',
  ascii: 'windows-1252',
  usascii: 'windows-1252',
  ansi: 'windows-1252',
  latin1: 'windows-1252',
  iso88591: 'windows-1252',
  macroman: 'macintosh',
  macintosh: 'macintosh',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  ibm866: 'ibm866',
  ...Object.fromEntries([2, 5, 7, 15, 16].map((part) => [`iso8859${part}`, `iso-8859-${part}`])),
  ...Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => 1250 + index).flatMap((page) =>
      ['windows', 'cp', 'win', ''].map((prefix) => [`${prefix}${page}`, `windows-${page}`]),
    ),
  ),
  cp866: 'ibm866',
};

/** Finds an encoding by the name a caller wrote; undefined for an unknown one. */
export function encodingByName(name: string): string | undefined {
  const key = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return Object.hasOwn(names, key) ? names[key] : undefined;
}

const blockSize = 64 * 1024;

/** Counts of the bytes above 0x7F, by which the encoding of a file is decided. */
type ByteCounts = {
  /** Sequences of UTF-8 with two bytes or more, and bytes that are no UTF-8, in blocks that are not wholly UTF-8. */
  sequences: number;
  invalid: number;
  /** Letters of the words with a byte above 0x7F, and how many of them are such bytes. */
  letters: number;
  highLetters: number;
  /** Bytes inside of words that are letters in Windows-1250 only. */
  centralEuropean: number;
};

/** Enough invalid bytes to say that a file is no UTF-8. */
const enoughInvalid = 2000;

/**
 * Finds the encoding of a text by its bytes: UTF-8 when the whole file is valid, or nearly so; otherwise the Windows code page by its letters.
 * @param head the first bytes of the file
 */
export async function detectEncoding(path: string, head: Buffer, signal?: AbortSignal): Promise<string> {
  const marked = byteOrderMark(head)?.encoding ?? unicodeWithoutMark(head);
  if (marked !== undefined) return marked;
  const counts: ByteCounts = { sequences: 0, invalid: 0, letters: 0, highLetters: 0, centralEuropean: 0 };
  let rest: Buffer = Buffer.alloc(0);
  const options = { highWaterMark: blockSize, ...(signal && { signal }) };
  for await (const chunk of createReadStream(path, options) as AsyncIterable<Buffer>) {
    const block = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = endOfCharacters(block);
    countBytes(block.subarray(0, end), counts);
    rest = block.subarray(end);
    if (counts.invalid > enoughInvalid && counts.invalid > counts.sequences) break;
  }
  countBytes(rest, counts);
  if (counts.invalid <= counts.sequences) return 'utf-8';
  if (counts.highLetters > counts.letters * 0.7) return 'windows-1251';
  return counts.centralEuropean * 50 > counts.highLetters ? 'windows-1250' : 'windows-1252';
}

/** Returns where the last whole character of UTF-8 ends. */
function endOfCharacters(block: Buffer): number {
  for (let back = 1; back <= 3 && back <= block.length; back += 1) {
    const byte = block[block.length - back] ?? 0;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? block.length - back : block.length;
    if (byte < 0x80) break;
  }
  return block.length;
}

const sequenceLength = (lead: number): number => {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1;
};

function countBytes(block: Buffer, counts: ByteCounts): void {
  if (isUtf8(block)) {
    // Valid UTF-8 beside invalid bytes elsewhere: a file of mixed encodings.
    if (counts.sequences < enoughInvalid * 2) counts.sequences += countSequences(block);
    return;
  }
  for (let at = 0; at < block.length; at += 1) {
    const byte = block[at] ?? 0;
    if (byte < 0x80) continue;
    const length = sequenceLength(byte);
    if (length > 1 && isUtf8(block.subarray(at, at + length)) && at + length <= block.length) {
      counts.sequences += 1;
      at += length - 1;
    } else counts.invalid += 1;
  }
  countLetters(block, counts);
}

const countSequences = (block: Buffer): number => {
  let count = 0;
  for (const byte of block) if (byte >= 0xc2) count += 1;
  return count;
};

const isAsciiLetter = (byte: number) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
/** Letters of Windows-1251 and -1252 alike, ё of Windows-1251, and those of Windows-1250 that are signs in Windows-1252. */
const isHighLetter = (byte: number) => byte >= 0xc0 || byte === 0xa8 || byte === 0xb8 || centralEuropean.has(byte);
/** Ş ş Ţ ţ, ł ą ľ ż of Windows-1250: signs in Windows-1252, or letters of Icelandic. */
const centralEuropean = new Set([0xaa, 0xba, 0xde, 0xfe, 0xb3, 0xb9, 0xbe, 0xbf]);

/** Looks at words: those of Cyrillic have high bytes only, those of Latin languages few. */
function countLetters(block: Buffer, counts: ByteCounts): void {
  let [ascii, high] = [0, 0];
  for (let at = 0; at <= block.length; at += 1) {
    const byte = block[at] ?? 0;
    if (isAsciiLetter(byte)) ascii += 1;
    else if (isHighLetter(byte)) {
      high += 1;
      const next = block[at + 1] ?? 0;
      const isInside = isAsciiLetter(next) && ascii + high > 1 && !isDigit(block[at - 1] ?? 0);
      if (isInside && centralEuropean.has(byte)) counts.centralEuropean += 1;
    } else {
      if (high > 0) {
        counts.letters += ascii + high;
        counts.highLetters += high;
      }
      ascii = high = 0;
    }
  }
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;

/** Decodes the head of a file, without the byte order mark. */
export const decodeHead = (head: Buffer, encoding: string): string =>
  iconv.decode(encoding === 'utf-8' ? head.subarray(0, endOfCharacters(head)) : head, encoding);

/**
 * Reads a file as UTF-8 in blocks, without the byte order mark. What cannot be decoded becomes U+FFFD or stays invalid UTF-8.
 */
export async function* readUtf8(path: string, encoding: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: blockSize, ...(signal && { signal }) });
  const decoder = encoding === 'utf-8' ? undefined : iconv.getDecoder(encoding);
  let isFirst = true;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const mark = isFirst && !decoder && chunk.subarray(0, 3).equals(utf8Mark) ? 3 : 0;
    isFirst = false;
    yield decoder ? Buffer.from(decoder.write(chunk)) : chunk.subarray(mark);
  }
  const rest = decoder?.end();
  if (rest) yield Buffer.from(rest);
}

const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);
