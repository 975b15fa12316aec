import { open } from 'node:fs/promises';
import { invalid, type FieldError } from '@clientela/errors';
import { analyzeTable, type TableAnalysis } from './tabular/analyze-table.ts';
import { decodeHead, detectEncoding, encodingByName } from './tabular/encoding.ts';
import { byteOrderMark, rejectBinary, rejectOtherTexts } from './tabular/file-kind.ts';
import { isRole, type Role } from './tabular/roles.ts';
import { analyzeVcards } from './vcard/read-vcards.ts';

/** How a file is read, found out once and stored with its import, so that every reading of it is the same. */
export type FileAnalysis = {
  encoding: string;
  /** Of a table only. */
  separator: string | null;
  /** Records, without wholly empty rows. */
  rows: number;
  /** Role by column, for columns with a value; a property of a vCard may have several. */
  mapping: Record<string, Role>;
  /** Columns with a value that are not imported. */
  left_behind: string[];
  warnings: string[];
} & (TableAnalysis | { format: 'vcard' | 'json_lines' });

export type AnalyzeOptions = {
  /** A choice of the caller wins over what is detected. */
  encoding?: string | null;
  separator?: string | null;
  /** Role by name of a column; null leaves the column behind. */
  mapping?: Readonly<Record<string, Role | null>> | null;
  signal?: AbortSignal;
};

const headBytes = 256 * 1024;

/**
 * Finds out what a file is and how it is read: its kind by its content, encoding, separator, header and the roles of its columns.
 * @throws AppError 422 `IMPORT_FILE_UNREADABLE`, whose message is for the person who imports
 */
export async function analyzeFile(path: string, options: AnalyzeOptions = {}): Promise<FileAnalysis> {
  const { separator, mapping, signal } = options;
  checkOptions(options);
  const bytes = await readHead(path);
  rejectBinary(bytes);
  const encoding = options.encoding
    ? chosenEncoding(options.encoding, bytes)
    : await detectEncoding(path, bytes, signal);
  const head = decodeHead(bytes, encoding);
  if (/^\s*BEGIN:VCARD/i.test(head))
    return {
      format: 'vcard',
      encoding,
      separator: null,
      ...(await analyzeVcards(path, { encoding, ...(signal && { signal }) })),
    };
  rejectOtherTexts(head);
  return analyzeTable(
    path,
    head,
    { encoding, separator: separator ?? undefined, mapping: mapping ?? undefined },
    signal,
  );
}

/**
 * Lists what is wrong with options, before a file is there.
 * @returns errors by `encoding` and `mapping.<column>`
 */
export function optionErrors({ encoding, mapping }: AnalyzeOptions): FieldError[] {
  const errors: FieldError[] = [];
  if (encoding && encodingByName(encoding) === undefined)
    errors.push({ path: 'encoding', message: 'is not a known encoding, such as utf-8, utf-16le or windows-1252' });
  for (const [column, role] of Object.entries(mapping ?? {}))
    if (role !== null && !isRole(role))
      errors.push({
        path: `mapping.${column}`,
        message: 'is not a field, such as email, phone.mobile, address.line or metadata',
      });
  return errors;
}

function checkOptions(options: AnalyzeOptions): void {
  const errors = optionErrors(options);
  if (errors.length > 0) throw invalid(errors);
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** UTF-16 without its byte order stands for either; the mark of the file decides. */
function chosenEncoding(name: string, bytes: Buffer): string {
  const encoding = encodingByName(name) ?? 'utf-8';
  const marked = byteOrderMark(bytes)?.encoding;
  return encoding === 'utf-16le' && marked === 'utf-16be' ? marked : encoding;
}
