import { isUtf8 } from 'node:buffer';
import ICAL from 'ical.js';

/** A property of a card, decoded: `values` has one text, those of a list, or the components of a structure. */
export type Property = {
  /** In upper case. */
  name: string;
  group: string | undefined;
  types: string[];
  /** 1 is the most preferred; 101 without a preference. */
  pref: number;
  parameters: Readonly<Record<string, unknown>>;
  values: string[];
};

/** Removes the backslashes of all versions; 3.0 of Apple also escapes the colon. */
const unescape = (value: string): string =>
  value.includes('\\')
    ? value.replaceAll(/\\([\\,;:nN])/g, (_all, mark: string) => (/n/i.test(mark) ? '\n' : mark))
    : value;

const textValue = { fromICAL: unescape };
const list = { defaultType: 'text', multiValue: ',' };
const structure = { defaultType: 'text', structuredValue: ';' };
const lists = { defaultType: 'text', structuredValue: ';', multiValue: ',' };

/** Reads every value as text, so that a wrong date or number is no error of the card, and unescapes all versions alike. */
const lenientDesign = {
  name: 'lenient',
  propertyGroups: true,
  value: Object.fromEntries(
    ['unknown', 'text', 'uri', 'url', 'date', 'date-time', 'date-and-or-time', 'phone-number'].map((type) => [
      type,
      textValue,
    ]),
  ),
  param: { type: { multiValue: ',', multiValueSeparateDQuote: false } },
  property: { n: lists, adr: lists, org: structure, gender: structure, categories: list, nickname: list },
};

/** Types without a name, as vCard 2.1 has them: `TEL;CELL;PREF:`. */
const bareParameter = /;([^;:="]+)(?=[;:])/g;
const encodings = new Set(['QUOTED-PRINTABLE', '8BIT', '7BIT', 'BASE64', 'B']);

/** Finds the colon between header and value, outside of quotes. */
function endOfHeader(line: string): number {
  const colon = line.indexOf(':');
  const quote = line.indexOf('"');
  if (quote === -1 || quote > colon) return colon;
  let isQuoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const character = line.charCodeAt(index);
    if (character === 0x22) isQuoted = !isQuoted;
    else if (character === 0x3a && !isQuoted) return index;
  }
  return colon;
}

const nameParameters = (header: string): string =>
  `${header}:`
    .replaceAll(bareParameter, (_all, word: string) =>
      encodings.has(word.trim().toUpperCase()) ? `;ENCODING=${word.trim()}` : `;TYPE=${word.trim()}`,
    )
    .slice(0, -1);

/**
 * Parses one unfolded line of a card.
 * @param encoding for bytes that are neither UTF-8 nor in the CHARSET of the line
 * @returns undefined for a line that is not valid
 */
export function parseLine(bytes: string, encoding: string): Property | undefined {
  const line = decodeLine(bytes, encoding);
  const colon = endOfHeader(line);
  if (colon <= 0) return undefined;
  const header = line.slice(0, colon);
  const named = header.includes(';') ? nameParameters(header) : header;
  try {
    const [name, { group, type, ...parameters }, , ...values] = ICAL.parse.property(
      named + line.slice(colon),
      lenientDesign,
    ) as [string, Record<string, unknown>, string, ...unknown[]];
    const types = [type]
      .flat(2)
      .filter((word) => typeof word === 'string')
      .map((word) => word.toLowerCase());
    const upper = name.trim().toUpperCase();
    return {
      name: upper,
      group: typeof group === 'string' ? group.toLowerCase() : undefined,
      types,
      pref: preferenceOf(parameters['pref'], types),
      parameters,
      values: valuesOf(upper, values, parameters, encoding),
    };
  } catch {
    return undefined;
  }
}

function preferenceOf(pref: unknown, types: readonly string[]): number {
  const number = typeof pref === 'string' ? Number.parseInt(pref, 10) : Number.NaN;
  if (number >= 1 && number <= 100) return number;
  return types.includes('pref') ? 1 : 101;
}

/** Flattens what ical.js returns: a component of several values is one text. */
function valuesOf(name: string, values: unknown[], parameters: Record<string, unknown>, encoding: string): string[] {
  const isStructure = ['N', 'ADR', 'ORG', 'GENDER'].includes(name);
  const parts = isStructure ? [values[0]].flat() : values;
  const isQuotedPrintable = /^quoted-printable$/i.test(textOf(parameters['encoding']));
  const charset = textOf(parameters['charset']) || undefined;
  const texts = parts.map((part) => (Array.isArray(part) ? joinParts(part.map(textOf)) : textOf(part)));
  return isQuotedPrintable ? texts.map((value) => decodeQuotedPrintable(value, charset, encoding)) : texts;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A comma that was meant as text is followed by a blank. */
const joinParts = (parts: readonly string[]): string =>
  parts.reduce((joined, part) => `${joined}${part.startsWith(' ') ? ',' : ', '}${part}`);

const isAscii = (value: string) => /^[\0-\x7f]*$/.test(value);
const charsetParameter = /;\s*CHARSET\s*=\s*"?([^;:"]+)/i;

function decodeLine(bytes: string, encoding: string): string {
  if (isAscii(bytes)) return bytes;
  return decodeBytes(Buffer.from(bytes, 'latin1'), charsetParameter.exec(bytes.slice(0, 1000))?.[1], encoding);
}

const decoders = new Map<string, InstanceType<typeof TextDecoder> | undefined>();

/** Returns the decoder of a character set; undefined for an unknown one. */
function decoderOf(name: string): InstanceType<typeof TextDecoder> | undefined {
  const key = name.trim().toLowerCase();
  if (!decoders.has(key) && decoders.size < maxDecoders) {
    try {
      decoders.set(key, new TextDecoder(key));
    } catch {
      decoders.set(key, undefined);
    }
  }
  return decoders.get(key);
}
const maxDecoders = 100;

/** Decodes by the character set of the line, else as UTF-8 where the bytes are valid, else by the encoding of the file. */
function decodeBytes(bytes: Buffer, charset: string | undefined, encoding: string): string {
  const declared = charset === undefined ? undefined : decoderOf(charset);
  if (declared && declared.encoding !== 'utf-8') return declared.decode(bytes);
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return (decoderOf(encoding) ?? new TextDecoder('windows-1252')).decode(bytes);
}

/** Decodes RFC 2045, 6.7; an equals sign without two digits stays. */
function decodeQuotedPrintable(value: string, charset: string | undefined, encoding: string): string {
  if (!value.includes('=')) return value;
  const bytes = value.replaceAll(/[^\0-\x7f]/gu, (character) => Buffer.from(character).toString('latin1'));
  const decoded = bytes.replaceAll(/=([0-9A-Fa-f]{2})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return isAscii(decoded) ? decoded : decodeBytes(Buffer.from(decoded, 'latin1'), charset, encoding);
}
