import { documentNumberError, Metadata, normalizeDocumentNumber } from '@clientela/validation';
import type { z } from 'zod';
import { StatusInput, TypeInput, WritableCustomer } from '../../customers/schema.ts';
import type { Remark, SourceRecord } from '../source-record.ts';
import { readBoolean } from './booleans.ts';
import { readDate } from './dates.ts';
import { readEmails } from './emails.ts';
import { readGender } from './gender.ts';
import { readNotes } from './notes.ts';
import type { AddressPart, Cell, DocumentPart, Person, PlainField, ValueOptions } from './person.ts';
import { readPhones } from './phones.ts';
import { readTags } from './tags.ts';
import { joinLines, readLine, textFault, withoutTextMark, type Converted } from './text.ts';

type Report = (column: string | null, reason: string) => void;
type Fields = Record<string, unknown>;

/** Lengths of the API's fields, in characters. */
const max = { external_id: 100, name: 255, company: 500, line: 500, place: 255, zip_code: 50 };

/**
 * Builds the record of an import from the parts of a person. A value that cannot be stored is left out with a remark; a person without
 * a name, e-mail or phone is a failure.
 */
export function buildRecord(person: Person, options: ValueOptions): SourceRecord {
  const remarks: Remark[] = [];
  const report: Report = (column, reason) => {
    // A list with many bad values is one remark.
    if (!remarks.some((remark) => remark.column === column && remark.reason === reason))
      remarks.push({ column, reason });
  };
  const metadata = new Map<string, unknown>();
  const fields: Fields = {};
  const set = (field: string, value: unknown) => {
    if (value !== undefined) fields[field] = value;
  };
  const line = (cell: Cell | undefined, length: number) => readCell(cell, (value) => readLine(value, length), report);

  set(
    'external_id',
    readCell(person.external_id, (value) => readLine(withoutTextMark(value), max.external_id), report),
  );
  setNames(person, line, set, metadata);
  setContacts(person, options.country, report, set, metadata);
  setAddresses(person.addresses ?? [], line, set, metadata);
  setBirthday(person.birthday, options, report, set, metadata);
  set(
    'gender',
    readCell(person.gender, (value) => readGender(value, options.gender_of_m), report),
  );
  setDocuments(person.documents ?? [], options.country, report, set, metadata);
  setPreferences(person, report, set);
  setPlainFields(person.plain, report, set);
  const tags = person.tags && person.tags.length > 0 ? readTags(person.tags, report) : [];
  if (tags.length > 0) fields['tags'] = tags;
  const notes = person.notes ? readNotes(person.notes, report) : [];
  for (const cell of person.others ?? []) addToMetadata(metadata, cell, report);
  if (metadata.size > 0) setMetadata(metadata, report, set);

  const record: SourceRecord = { row: person.row, fields, notes, remarks };
  return hasContact(fields) ? record : { ...record, failure: missingContact };
}

/** The failure of a record without a contact. */
export const missingContact: Remark = {
  column: null,
  reason: 'has no name, e-mail or phone by which a customer could be known',
};
/** Whether a record has what every customer needs. */
export const hasContact = (fields: Fields) =>
  ['full_name', 'firstname', 'lastname', 'email', 'phone'].some((field) => fields[field] !== undefined);

/** Converts the value of a cell and reports why it has none. */
function readCell<T>(cell: Cell | undefined, read: (value: string) => Converted<T>, report: Report): T | undefined {
  if (cell === undefined || cell.value === '') return undefined;
  const { value, reason } = read(cell.value);
  if (reason !== undefined) report(cell.column, reason);
  return value;
}

type ReadLine = (cell: Cell | undefined, length: number) => string | undefined;
type SetField = (field: string, value: unknown) => void;

/** A full name is the file's own, or has a middle name, or is the organisation's; others are built by the API. */
function setNames(person: Person, line: ReadLine, set: SetField, metadata: Map<string, unknown>): void {
  const firstname = line(person.firstname, max.name);
  const middle = line(person.middle_name, max.name);
  const lastname = line(person.lastname, max.name);
  const own = line(person.full_name, max.name);
  const organisation = line(person.organisation, max.company);
  set('firstname', firstname);
  set('lastname', lastname);
  const isNamed = own !== undefined || firstname !== undefined || middle !== undefined || lastname !== undefined;
  if (own !== undefined) set('full_name', own);
  else if (middle !== undefined)
    set('full_name', cut([firstname, middle, lastname].filter(Boolean).join(' '), max.name));
  else if (!isNamed && organisation !== undefined) set('full_name', cut(organisation, max.name));
  const isMiddleLost = middle !== undefined && (own === undefined ? false : !own.includes(middle));
  if (isMiddleLost && person.middle_name) addTo(metadata, person.middle_name.column, middle);
  const isWhole = organisation !== undefined && organisation.length <= max.name;
  if (organisation !== undefined && organisation !== own && (isNamed || !isWhole))
    addTo(metadata, 'company', organisation);
}

const cut = (text: string, length: number) =>
  text.length <= length ? text : [...text].slice(0, length).join('').trim();

function setContacts(
  person: Person,
  country: string,
  report: Report,
  set: SetField,
  metadata: Map<string, unknown>,
): void {
  const [email, ...emails] = person.emails ? readEmails(person.emails, report) : [];
  set('email', email);
  if (emails.length > 0) metadata.set('emails', emails);
  if (person.phones === undefined || person.phones.length === 0) return;
  const { phone, phones, fax, pager } = readPhones(person.phones, country, report);
  set('phone', phone);
  for (const [key, list] of Object.entries({ phones, fax, pager })) if (list.length > 0) metadata.set(key, list);
}

function setAddresses(
  parts: readonly AddressPart[],
  line: ReadLine,
  set: SetField,
  metadata: Map<string, unknown>,
): void {
  const ordered =
    parts.length > 1
      ? parts.toSorted((one, other) => Number(other.preferred ?? false) - Number(one.preferred ?? false))
      : parts;
  const [address, ...others] = ordered
    .map((part) => readAddress(part, line))
    .filter((address) => Object.keys(address).length > 0);
  set('address', address);
  if (others.length > 0) metadata.set('addresses', others);
}

/** Reads an address: its lines and the line breaks inside become `, `. */
function readAddress(part: AddressPart, line: ReadLine): Record<string, string> {
  const lines = (part.lines ?? []).map((cell) => line(withCommas(cell), max.line)).filter((text) => text !== undefined);
  const joined =
    lines.length > 1 ? line({ column: part.lines?.[0]?.column ?? '', value: lines.join(', ') }, max.line) : lines[0];
  const zip = part.zip_code && { ...part.zip_code, value: withoutTextMark(part.zip_code.value) };
  const address: Record<string, string | undefined> = {
    line: joined,
    city: line(part.city && withCommas(part.city), max.place),
    state: line(part.state && withCommas(part.state), max.place),
    zip_code: line(zip, max.zip_code),
    country: line(part.country && withCommas(part.country), max.place),
  };
  return Object.fromEntries(
    Object.entries(address).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const withCommas = (cell: Cell): Cell => ({ column: cell.column, value: joinLines(cell.value) });

const today = (): string => new Date().toISOString().slice(0, 10);

function setBirthday(
  cell: Cell | undefined,
  { date_order }: ValueOptions,
  report: Report,
  set: SetField,
  metadata: Map<string, unknown>,
): void {
  if (cell === undefined || cell.value === '') return;
  const { value, reason, warning, isWithoutYear } = readDate(cell.value, date_order, today());
  const remark = reason ?? warning;
  if (remark !== undefined) report(cell.column, remark);
  // Day and month are worth keeping.
  if (isWithoutYear) addTo(metadata, 'birthday', cell.value.trim());
  set('birthday', value);
}

/** The first valid document becomes the customer's; further and invalid ones are kept in metadata. */
function setDocuments(
  parts: readonly DocumentPart[],
  country: string,
  report: Report,
  set: SetField,
  metadata: Map<string, unknown>,
): void {
  let isSet = false;
  for (const part of parts) {
    const typed = readCell(part, (value) => readLine(withoutTextMark(value), max.external_id), report);
    if (typed === undefined) continue;
    const { type, number } = readDocument(part.type, typed);
    const fault = number === '' ? 'must have a letter or digit' : documentNumberError(type, number, country);
    if (fault !== undefined) report(part.column, fault);
    if (fault === undefined && !isSet) {
      set('document_type', type);
      set('document_number', number);
      isSet = true;
    } else addTo(metadata, part.column, typed);
  }
}

/** Spreadsheets remove the leading zeros of CPF and CNPJ. */
function readDocument(type: string, typed: string): { type: string; number: string } {
  const isBrazilian = type === 'cpf' || type === 'cnpj' || type === 'cpf_cnpj';
  const cleaned = normalizeDocumentNumber(typed, isBrazilian ? 'cnpj' : type);
  if (!isBrazilian || !/^\d{8,14}$/.test(cleaned)) return { type: type === 'cpf_cnpj' ? 'cpf' : type, number: cleaned };
  const candidates = [
    { type: 'cpf', number: cleaned.padStart(11, '0') },
    { type: 'cnpj', number: cleaned.padStart(14, '0') },
  ].filter((candidate) => type === 'cpf_cnpj' || candidate.type === type);
  const valid = candidates.find((candidate) => documentNumberError(candidate.type, candidate.number) === undefined);
  return valid ?? { type: candidates[0]?.type ?? type, number: cleaned };
}

function setPreferences({ newsletter, unsubscribed, language }: Person, report: Report, set: SetField): void {
  const yesOrNo = (value: string): Converted<boolean> => {
    const meaning = readBoolean(value);
    if (meaning !== undefined) return { value: meaning };
    return value.trim() === '' ? {} : { reason: 'is neither yes nor no' };
  };
  const wanted = readCell(newsletter, yesOrNo, report);
  const isUnsubscribed = readCell(unsubscribed, yesOrNo, report);
  const tag = readCell(language, readBySchema(WritableCustomer.shape.preferences.shape.language), report);
  const preferences = {
    ...(wanted !== undefined && { newsletter: wanted }),
    ...(isUnsubscribed === true && { newsletter: false }),
    ...(tag !== undefined && { language: tag }),
  };
  if (Object.keys(preferences).length > 0) set('preferences', preferences);
}

const readBySchema =
  (schema: z.ZodType) =>
  (value: string): Converted<unknown> => {
    const text = value.trim();
    if (text === '') return {};
    if (text.length > maxWord) return { reason: 'is too long' };
    const { success, data, error } = schema.safeParse(text);
    return success ? { value: data } : { reason: error.issues[0]?.message ?? 'is not valid' };
  };

const integerField =
  (schema: z.ZodType) =>
  (value: string): Converted<unknown> => {
    const text = withoutTextMark(value).trim();
    if (text === '') return {};
    const { success, data } = schema.safeParse(/^\d{1,15}$/.test(text) ? Number(text) : text);
    return success ? { value: data } : { reason: 'is not a whole number in its range' };
  };

/** Bounds the work of a schema that counts characters. */
const maxWord = 1000;

const { shape } = WritableCustomer;
const plainReaders: Readonly<Record<PlainField, (value: string) => Converted<unknown>>> = {
  // Numbers of 10,000,000 and more are replaced with the next free one when the record is written.
  number: (value) => {
    const text = withoutTextMark(value).trim();
    const number = Number(text);
    if (text === '') return {};
    return /^\d{1,15}$/.test(text) && number >= 1 ? { value: number } : { reason: 'is not a customer number' };
  },
  user_id: readBySchema(shape.user_id),
  city_id: integerField(shape.city_id),
  status: readBySchema(StatusInput),
  type: readBySchema(TypeInput),
  last_auth_at: readBySchema(shape.last_auth_at),
};

function setPlainFields(plain: Person['plain'], report: Report, set: SetField): void {
  if (plain === undefined) return;
  for (const [field, cell] of Object.entries(plain))
    set(field, readCell(cell, plainReaders[field as PlainField], report));
}

/** Adds a value to metadata; several under one name become a list. */
function addTo(metadata: Map<string, unknown>, key: string, value: unknown): void {
  const present = metadata.get(key);
  if (present === undefined) metadata.set(key, value);
  else metadata.set(key, Array.isArray(present) ? [...(present as unknown[]), value] : [present, value]);
}

const maxKey = 255;

function addToMetadata(metadata: Map<string, unknown>, { column, value }: Cell, report: Report): void {
  const text = value.trim();
  if (text === '') return;
  const fault = textFault(text) ?? keyFault(column);
  if (fault === undefined) addTo(metadata, column, text);
  else report(column, fault);
}

const keyFault = (column: string): string | undefined =>
  column === '' || column === '__proto__' || column.length > maxKey || textFault(column) !== undefined
    ? 'has a column name that cannot be stored'
    : undefined;

/** What is larger cannot be valid, and need not be parsed. */
const maxMetadata = 64 * 1024;

/** Leaves out the largest values of metadata that is too large to store. */
function setMetadata(metadata: ReadonlyMap<string, unknown>, report: Report, set: SetField): void {
  const kept = new Map(metadata);
  const sizes = bySize(metadata);
  let size = sizes.reduce((sum, [, length]) => sum + length, 0);
  for (const [key, length] of sizes) {
    if (size <= maxMetadata && Metadata.safeParse(Object.fromEntries(kept)).success) break;
    size -= length;
    kept.delete(key);
    report(key, 'does not fit into the metadata of a customer');
  }
  if (kept.size > 0) set('metadata', Object.fromEntries(kept));
}

function bySize(metadata: ReadonlyMap<string, unknown>): [string, number][] {
  const sizes = [...metadata].map(([key, value]): [string, number] => [key, JSON.stringify(value).length]);
  return sizes.toSorted(([, one], [, other]) => other - one);
}
