import { open } from 'node:fs/promises';
import { analyzeJson, type JsonAnalysis } from './json-lines/read-json.ts';
import { analyzeTable, type TableAnalysis, type TableSummary } from './tabular/analyze-table.ts';
import { decodeHead, detectEncoding, encodingByName } from './tabular/encoding.ts';
import { byteOrderMark, rejectBinary, rejectMarkup } from './tabular/file-kind.ts';
import type { Role } from './tabular/roles.ts';
import { analyzeVcards, type VcardAnalysis } from './vcard/read-vcards.ts';

/** How a file is read, found out once and stored with its import, so that every reading of it is the same. */
export type FileAnalysis = (TableAnalysis | VcardAnalysis | JsonAnalysis) & TableSummary;

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
  const head = await readHead(path);
  rejectBinary(head);
  const encoding = options.encoding ? chosenEncoding(options.encoding, head) : await detectEncoding(path, head, signal);
  const text = decodeHead(head, encoding);
  const format = formatOf(text);
  if (format === 'vcard') return analyzeVcards(path, { encoding, signal });
  if (format !== 'table') return analyzeJson(path, { format, encoding, mapping: mapping ?? undefined, signal });
  rejectMarkup(text);
  const table = { separator: separator ?? undefined, mapping: mapping ?? undefined };
  return analyzeTable(path, text, { ...table, encoding }, signal);
}

/** Tells the formats apart by how the text begins. */
function formatOf(text: string): 'vcard' | 'jsonl' | 'json' | 'table' {
  if (/^\s*BEGIN\s*:\s*VCARD\s*$/im.test(text.slice(0, 4096))) return 'vcard';
  if (/^\s*\{\s*["}]/.test(text)) return 'jsonl';
  return /^\s*\[\s*[[{\]]/.test(text) ? 'json' : 'table';
}

async function readHead(path: string): Promise<Buffer> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return buffer.subarray(0, bytesRead);
}

/** UTF-16 without its byte order stands for either; the mark of the file decides. */
function chosenEncoding(name: string, head: Buffer): string {
  const encoding = encodingByName(name) ?? 'utf-8';
  const marked = byteOrderMark(head)?.encoding;
  return encoding === 'utf-16le' && marked === 'utf-16be' ? marked : encoding;
}
