import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { check } from './check.ts';
import { rememberLast } from './remember-last.ts';
import { text } from './text.ts';

const isDigit = (code: number) => /^\p{Nd}$/u.test(String.fromCodePoint(code));

/** Converts the digits of any script to ASCII. Unicode encodes the digits of a script from 0 to 9 without a gap. */
function toAsciiDigits(typed: string): string {
  if (/^[\0-\u007f]*$/.test(typed)) return typed;
  return typed.normalize('NFKC').replaceAll(/(?![0-9])\p{Nd}/gu, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    let first = code;
    while (isDigit(first - 1)) first -= 1;
    return String((code - first) % 10);
  });
}

const digitsOf = (typed: string) => typed.replaceAll(/\D/g, '');

/** What separates an extension from its number, and its digits, at the end of a text. */
const extensionAtEnd =
  /[\s,]*(?:;\s*ext\s*=\s*|(?:e?xt(?:ensi[oó])?n?|доб(?:авочный)?|anexo|int|[x#~])[.:]?[\s,-]*#?)(\d+)\s*#?$/iu;

/** Splits a phone into its number and its extension; digits become ASCII. */
function splitExtension(typed: string): { number: string; extension: string | undefined } {
  const ascii = toAsciiDigits(typed).trim();
  const found = extensionAtEnd.exec(ascii);
  const number = ascii.slice(0, found?.index).trim();
  return found && /\d/.test(number) ? { number, extension: found[1] } : { number: ascii, extension: undefined };
}

const maxExtension = 7; // digits

const isPhone = (typed: string): boolean => {
  const { number, extension = '' } = splitExtension(typed);
  const [characters, digits] = [[...number].length, digitsOf(number).length];
  return characters >= 5 && characters <= 20 && digits >= 5 && digits <= 15 && extension.length <= maxExtension;
};

/**
 * A phone as typed, in digits of any script: 5 to 20 characters with 5 to 15 digits, and an extension of 1 to 7 digits after `;ext=`, `ext`,
 * `x`, `#` or `доб.` Not checked against numbering plans.
 */
export const Phone = text(40, 5).check(
  check(isPhone, 'must have 5 to 20 characters with 5 to 15 digits, and an extension of 7 digits at most'),
);

/** Reads a number with its `+`. The last one is remembered, because a record's phone is read to normalize it and again for its digits. */
const readInternational = rememberLast((number: string) => parsePhoneNumberFromString(number, { extract: false }));

/**
 * Normalizes a phone for storage and comparison: E.164 (ITU-T) for a valid number, otherwise its digits, with `+` if it began with one.
 * An extension follows as `;ext=` (RFC 3966).
 * @param country ISO 3166 code of the numbering plan for national formats
 */
export function normalizePhone(typed: string, country: string): string {
  const { number, extension } = splitExtension(typed);
  const plus = number.startsWith('+') ? '+' : '';
  const region = isSupportedCountry(country) ? { defaultCountry: country } : {};
  const parsed = plus ? readInternational(number) : parsePhoneNumberFromString(number, { ...region, extract: false });
  if (!parsed?.isValid()) return join(`${plus}${digitsOf(number)}`, extension);
  // libphonenumber knows further separators, such as the commas of autodialling.
  const found = extension ?? parsed.ext;
  return join(parsed.number, found !== undefined && found.length <= maxExtension ? found : undefined);
}

const join = (number: string, extension: string | undefined): string =>
  extension === undefined ? number : `${number};ext=${extension}`;

/** Returns a normalized phone without its extension. */
export const withoutExtension = (phone: string): string => phone.replace(/;ext=\d+$/, '');

/**
 * Lists the digit sequences that a search may match: with the country code, and in national format, each with its extension.
 * @param phone normalized by `normalizePhone`
 */
export function phoneDigits(phone: string): string[] {
  const number = withoutExtension(phone);
  const extension = phone.slice(number.length);
  const parsed = number.startsWith('+') ? readInternational(number) : undefined;
  const sequences = new Set([digitsOf(number), ...(parsed ? [digitsOf(parsed.formatNational())] : [])]);
  return [...sequences].map((digits) => digits + extension);
}

const phoneCharacters = /^[\d\s()+./-]+$/;

/**
 * Extracts the digits of a search text that looks like (a part of) a phone, without the `00` prefix and with `;ext=` before the digits of an
 * extension; undefined for other text.
 */
export function phoneSearchDigits(text: string): string | undefined {
  const { number, extension } = splitExtension(text);
  const digits = phoneCharacters.test(number) ? digitsOf(number) : '';
  if (digits.length < 2) return undefined;
  const searched = digits.length > 4 ? digits.replace(/^00/, '') : digits;
  return join(searched, extension);
}

/** Returns the country calling code, such as `34`; undefined for a country without one. */
export const callingCode = (country: string): string | undefined =>
  isSupportedCountry(country) ? getCountryCallingCode(country) : undefined;
