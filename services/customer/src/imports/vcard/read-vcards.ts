import { readBlocks, readByteLines } from '../byte-lines.ts';
import type { Remark, SourceRecord } from '../source-record.ts';
import { buildRecord } from '../values/build-record.ts';
import type { ValueOptions } from '../values/person.ts';
import { createCardAssembler, maxLine, propertyOf, type Card } from './cards.ts';
import { fieldsOfProperties, personOf, technicalProperties } from './person.ts';
import { parseLine, type Property } from './properties.ts';

type Source = { path: string; encoding: string; signal?: AbortSignal | undefined };

/** Reads the cards of a file one at a time, in bounded memory. */
async function* readCards(
  { path, encoding, signal }: Source,
  onEnd?: (strayLines: number) => void,
): AsyncGenerator<Card> {
  const assembler = createCardAssembler();
  for await (const lines of readByteLines(readBlocks(path, encoding, signal), maxLine + 1)) {
    for (const line of lines) {
      const card = assembler.push(line);
      if (card) yield card;
    }
  }
  const last = assembler.end();
  if (last) yield last;
  onEnd?.(assembler.strayLines());
}

/** How a file of cards is read. */
export type VcardAnalysis = { format: 'vcard'; encoding: string; separator: null };

/** What a file of cards has. */
export type VcardSummary = {
  /** Number of cards. */
  rows: number;
  /** The field of each property that the file has. */
  mapping: Record<string, string>;
  /** Properties that are not imported. */
  left_behind: string[];
  warnings: string[];
};

const maxProperties = 1000;

/**
 * Counts the cards of a file and lists its properties.
 * @param encoding of the file; lines in UTF-8 and those with a CHARSET of their own are read by that
 */
export async function analyzeVcards(
  path: string,
  { encoding, signal }: Omit<Source, 'path'>,
): Promise<VcardAnalysis & VcardSummary> {
  const properties = new Set<string>();
  const omitted = new Set<string>();
  const warnings: string[] = [];
  let rows = 0;
  const onEnd = (strayLines: number) => {
    if (strayLines > 0) warnings.push(`${strayLines} lines outside of the cards were ignored`);
  };
  for await (const card of readCards({ path, encoding, signal }, onEnd)) {
    rows += 1;
    for (const line of card.lines) if (properties.size < maxProperties) properties.add(propertyOf(line));
    for (const { property } of card.omitted) if (omitted.size < maxProperties) omitted.add(property);
  }
  const names = [...properties].filter((name) => /^[A-Z0-9-]{1,60}$/.test(name));
  const imported = names.filter((name) => !technicalProperties.has(name) && name !== 'KIND');
  const mapping = Object.fromEntries(imported.map((name) => [name, fieldsOfProperties[name] ?? `metadata.${name}`]));
  const technical = names.filter((name) => technicalProperties.has(name));
  return {
    format: 'vcard',
    encoding,
    separator: null,
    rows,
    mapping,
    left_behind: [...new Set([...technical, ...omitted])].toSorted(),
    warnings,
  };
}

/** Reads one record from each card of a file. */
export async function* readVcards(
  path: string,
  { encoding }: { encoding: string },
  { country, signal }: { country: string; signal?: AbortSignal | undefined },
): AsyncGenerator<SourceRecord> {
  for await (const card of readCards({ path, encoding, signal }))
    yield toRecord(card, encoding, { country, date_order: 'dmy' });
}

const reasons: Readonly<Record<Card['omitted'][number]['why'], string | undefined>> = {
  // Every photo of a phone book would be a remark; the properties are listed as left behind.
  binary: undefined,
  nested: 'has a card of its own, which was not imported',
  'too long': 'is too long',
};

function toRecord(card: Card, encoding: string, options: ValueOptions): SourceRecord {
  const failed = (column: string | null, reason: string): SourceRecord => ({
    row: card.number,
    fields: {},
    notes: [],
    remarks: [],
    failure: { column, reason },
  });
  if (card.isTooLarge) return failed(null, 'is larger than 1 MiB');
  const properties: Property[] = [];
  const remarks: Remark[] = card.omitted.flatMap(({ property, why }) => {
    const reason = reasons[why];
    return reason === undefined ? [] : [{ column: property, reason }];
  });
  const invalid = new Set<string | null>();
  for (const line of card.lines) {
    const property = parseLine(line, encoding);
    if (property) properties.push(property);
    else invalid.add(columnOf(line));
  }
  for (const column of invalid) remarks.push({ column, reason: 'is not a valid line of a vCard' });
  if (!card.hasEnd) remarks.push({ column: null, reason: 'has no END:VCARD; the file may be incomplete' });
  const kind = properties.find(({ name }) => name === 'KIND' || name === 'X-ADDRESSBOOKSERVER-KIND');
  if (kind && !personKinds.has((kind.values[0] ?? '').trim().toLowerCase()))
    return failed(kind.name, 'is a group or thing, not a person');
  const record = buildRecord(personOf(card.number, properties), options);
  return { ...record, remarks: [...remarks, ...record.remarks] };
}

const personKinds = new Set(['', 'individual', 'org', 'organization', 'x-company']);

/** Names the property of a line that is not valid, unless it has none. */
const columnOf = (line: string): string | null => {
  const property = propertyOf(line);
  return line.includes(':') && /^[A-Z0-9-]{1,60}$/.test(property) ? property : null;
};
