import { isUtf8 } from 'node:buffer';
import { AppError } from '@clientela/errors';
import { parseJson } from '@clientela/http';
import { Customer, WritableCustomer } from '../../customers/schema.ts';
import { readBlocks, readByteLines, type ByteLine } from '../byte-lines.ts';
import type { Remark, SourceRecord } from '../source-record.ts';
import { assignRoles, type Column } from '../tabular/columns.ts';
import type { Role } from '../tabular/roles.ts';
import { createPersonReader } from '../tabular/to-person.ts';
import { buildRecord, hasContact, missingContact } from '../values/build-record.ts';
import { dateOrderOf } from '../values/dates.ts';
import { genderOfM } from '../values/gender.ts';
import { readNotes } from '../values/notes.ts';
import type { DateOrder, Person } from '../values/person.ts';
import { readTags } from '../values/tags.ts';
import { joinLines } from '../values/text.ts';
import { readJsonElements } from './elements.ts';

/** Bound of one customer, that of a request's body. */
const maxRecord = 1024 * 1024;

/** How a file with one JSON object a line, or an array of them, is read. */
export type JsonAnalysis = {
  format: 'jsonl' | 'json';
  encoding: string;
  separator: null;
  /** Names that are no fields of the API, by what they hold. */
  columns: Column[];
  date_order: DateOrder;
  gender_of_m: 'male' | 'female';
};

export type JsonSummary = {
  rows: number;
  mapping: Record<string, Role>;
  left_behind: string[];
  warnings: string[];
};

/** Fields of `POST /api/customers`, taken as they are; the writer validates them. */
const writable: ReadonlySet<string> = new Set([
  ...Object.keys(WritableCustomer.shape),
  'number',
  'status',
  'type',
  'tags',
]);
/** Fields of a customer that nobody writes, as our own export has them. */
const readOnly: ReadonlySet<string> = new Set(Object.keys(Customer.shape).filter((field) => !writable.has(field)));

type Source = { path: string; format: 'jsonl' | 'json'; encoding: string; signal?: AbortSignal | undefined };
type Entry = { row: number; text: string; fault?: string };

/** Reads the texts of the records, without empty lines. */
async function* readEntries({ path, format, encoding, signal }: Source): AsyncGenerator<Entry> {
  const blocks = readBlocks(path, encoding, signal);
  const chunks = format === 'json' ? readJsonElements(blocks, maxRecord) : readByteLines(blocks, maxRecord);
  let row = 0;
  for await (const chunk of chunks) {
    for (const line of chunk) {
      row += 1;
      if (line.bytes.trim() !== '' || format === 'json') yield toEntry(row, line, encoding);
    }
  }
}

function toEntry(row: number, { bytes, isCut }: ByteLine, encoding: string): Entry {
  if (isCut) return { row, text: '', fault: 'is larger than 1 MiB' };
  const buffer = Buffer.from(bytes, 'latin1');
  if (isUtf8(buffer)) return { row, text: buffer.toString('utf8') };
  if (encoding.startsWith('utf-')) return { row, text: '', fault: 'is not valid UTF-8' };
  return { row, text: new TextDecoder(encoding).decode(buffer) };
}

type Parsed = { value: Record<string, unknown> } | { failure: Remark };

/** Parses strictly: what `JSON.parse` would change silently is a failure, as in a request. */
function parseEntry({ text, fault }: Entry): Parsed {
  if (fault !== undefined) return { failure: { column: null, reason: fault } };
  try {
    const value = parseJson(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { value: value as Record<string, unknown> };
    return { failure: { column: null, reason: 'must be a JSON object' } };
  } catch (error) {
    return { failure: toRemark(error) };
  }
}

function toRemark(error: unknown): Remark {
  if (!(error instanceof AppError)) throw error;
  const [first] = error.errors ?? [];
  if (first === undefined) return { column: null, reason: 'is not valid JSON' };
  return { column: first.path.slice(0, maxKey), reason: first.message };
}

const maxKey = 255;
const maxColumns = 1000;
const maxGenders = 50;

/**
 * Counts the records of a file and decides what those of their fields hold that the API does not know.
 * @param options.mapping role by name of a field; null leaves the field behind
 */
export async function analyzeJson(
  path: string,
  {
    format,
    encoding,
    mapping = {},
    signal,
  }: Omit<Source, 'path'> & { mapping?: Readonly<Record<string, Role | null>> | undefined },
): Promise<JsonAnalysis & JsonSummary> {
  const names = new Set<string>();
  const orders = new Map<string, DateOrder>();
  const genders = new Map<string, Set<string>>();
  let rows = 0;
  for await (const entry of readEntries({ path, format, encoding, signal })) {
    rows += 1;
    const parsed = parseEntry(entry);
    if ('failure' in parsed) continue;
    for (const [name, value] of Object.entries(parsed.value)) {
      if (value === null || value === '' || name.length > maxKey) continue;
      if (names.size < maxColumns) names.add(name);
      if (typeof value !== 'string' || !names.has(name) || value.length > maxFact) continue;
      const order = dateOrderOf(value);
      if (order !== undefined && !orders.has(name)) orders.set(name, order);
      const words = genders.get(name) ?? new Set();
      if (words.size < maxGenders) genders.set(name, words.add(value));
    }
  }
  const chosen = new Set(Object.keys(mapping));
  const others = [...names].filter((name) => chosen.has(name) || (!writable.has(name) && !readOnly.has(name)));
  const { columns, language } = assignRoles(others, mapping);
  const named = columns.map(({ role }, index): Column => ({ name: others[index] ?? '', role }));
  const withRole = (role: Role) => named.find((column) => column.role === role)?.name ?? '';
  return {
    format,
    encoding,
    separator: null,
    columns: named,
    date_order: orders.get(withRole('birthday')) ?? (language === 'en' ? 'mdy' : 'dmy'),
    gender_of_m: genderOfM(genders.get(withRole('gender')) ?? []),
    rows,
    ...describe([...names], named),
    warnings: [],
  };
}

/** Longer texts are neither dates nor genders. */
const maxFact = 40;

function describe(names: readonly string[], columns: readonly Column[]) {
  const roles = new Map(columns.map(({ name, role }) => [name, role]));
  const roleOf = (name: string): Role => roles.get(name) ?? (writable.has(name) ? name : 'left_behind');
  const entries = names.map((name): [string, Role] => [name, roleOf(name)]);
  const isLeft = ([, role]: [string, Role]) => role === 'left_behind' || role === 'private';
  return {
    mapping: Object.fromEntries(entries.filter((entry) => !isLeft(entry))),
    left_behind: entries.filter(isLeft).map(([name]) => name),
  };
}

/**
 * Reads one record from each object. Fields of the API are taken as they are; other names are converted like the columns of a table.
 * @param country ISO 3166 code of the company, by which national phone numbers are read
 */
export async function* readJson(
  path: string,
  analysis: JsonAnalysis,
  { country, signal }: { country: string; signal?: AbortSignal | undefined },
): AsyncGenerator<SourceRecord> {
  const toRecord = createRecordReader(analysis, country);
  for await (const entry of readEntries({ ...analysis, path, signal })) {
    const parsed = parseEntry(entry);
    yield 'failure' in parsed
      ? { row: entry.row, fields: {}, notes: [], remarks: [], failure: parsed.failure }
      : toRecord(entry.row, parsed.value);
  }
}

function createRecordReader({ columns, date_order, gender_of_m }: JsonAnalysis, country: string) {
  const toPerson = createPersonReader(columns);
  const indexes = new Map(columns.map(({ name }, index) => [name, index]));
  const options = { country, date_order, gender_of_m };

  return (row: number, value: Record<string, unknown>): SourceRecord => {
    const cells: string[] = [];
    const fields: Record<string, unknown> = {};
    const metadata: Record<string, unknown> = {};
    const notes: string[] = [];
    const remarks: Remark[] = [];
    for (const [name, part] of Object.entries(value)) {
      if (part === null || part === '') continue;
      const index = indexes.get(name);
      const role = index === undefined ? undefined : columns[index]?.role;
      if (index !== undefined && role === 'notes') notes.push(...textsOf(part));
      else if (index !== undefined && role !== 'metadata' && isText(part)) cells[index] = toText(part);
      else if (role === 'left_behind' || role === 'private') continue;
      else if (index === undefined && writable.has(name)) fields[name] = readField(name, part, remarks);
      else if (index !== undefined || !readOnly.has(name)) metadata[name] = part;
    }
    const person: Person = {
      ...toPerson(
        row,
        Array.from(cells, (cell) => cell ?? ''),
      ),
    };
    const record = buildRecord(person, options);
    return merge(record, { fields, metadata, remarks, notes });
  };
}

type Parts = { fields: Record<string, unknown>; metadata: Record<string, unknown>; remarks: Remark[]; notes: string[] };

/** Adds what was taken as it is to what was converted. */
function merge(record: SourceRecord, parts: Parts): SourceRecord {
  const { failure: _failure, ...converted } = record;
  const fields = { ...record.fields, ...parts.fields };
  const own = parts.fields['metadata'];
  if (own === undefined || isObject(own)) {
    const metadata = { ...(record.fields['metadata'] as object | undefined), ...parts.metadata, ...own };
    if (Object.keys(metadata).length > 0) fields['metadata'] = metadata;
  }
  for (const [field, value] of Object.entries(fields)) if (value === undefined) delete fields[field];
  const remarks = [...record.remarks, ...parts.remarks];
  const texts = parts.notes.map((value) => ({ column: 'notes', value }));
  const notes = readNotes(texts, (column, reason) => {
    remarks.push({ column, reason });
  });
  const merged = { ...converted, fields, notes: [...record.notes, ...notes], remarks };
  return hasContact(fields) ? merged : { ...merged, failure: missingContact };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
const isText = (value: unknown): boolean => isScalar(value) || (Array.isArray(value) && value.every(isScalar));
/** All lists of values know this separator. */
const toText = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(' ::: ') : String(value));

/** The texts of notes: a text, a list of them, or notes as the API shows them. */
function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsOf(item));
  if (isObject(value)) return textsOf(value['content'] ?? value['body'] ?? JSON.stringify(value));
  return isScalar(value) ? [String(value)] : [];
}

/** Fields that other programs write as a number, or as a text in place of an object or list. */
const textFields = new Set(['external_id', 'phone', 'document_number']);

function readField(name: string, value: unknown, remarks: Remark[]): unknown {
  if (textFields.has(name) && typeof value === 'number') return String(value);
  if (name === 'tags' && typeof value === 'string')
    return readTags([{ column: name, value }], (column, reason) => {
      remarks.push({ column, reason });
    });
  if (name !== 'address') return value;
  if (typeof value === 'string') return { line: joinLines(value) };
  if (!isObject(value)) return value;
  const parts = Object.entries(value).filter(([, part]) => part !== null && part !== '');
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}
