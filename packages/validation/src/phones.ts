import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { text } from './text.ts';

const digitsOf = (typed: string) => typed.replaceAll(/\D/g, '');

/** A phone as typed: 5 to 20 characters with 5 to 15 digits. Not checked against numbering plans. */
export const Phone = text(20, 5).refine((typed) => {
  const { length } = digitsOf(typed);
  return length >= 5 && length <= 15;
}, 'must have 5 to 15 digits');

/**
 * Normalizes a phone for storage and comparison: E.164 (ITU-T) for a valid number, otherwise its digits, with `+` if it began with one.
 * @param country ISO 3166 code of the numbering plan for national formats
 */
export function normalizePhone(typed: string, country: string): string {
  const region = isSupportedCountry(country) ? country : undefined;
  const parsed = parsePhoneNumberFromString(
    typed,
    region ? { defaultCountry: region, extract: false } : { extract: false },
  );
  if (parsed?.isValid()) return parsed.number;
  return typed.trim().startsWith('+') ? `+${digitsOf(typed)}` : digitsOf(typed);
}

/**
 * Lists the digit sequences that a search may match: with the country code, and in national format.
 * @param phone normalized by `normalizePhone`
 */
export function phoneDigits(phone: string): string[] {
  const parsed = phone.startsWith('+') ? parsePhoneNumberFromString(phone) : undefined;
  return [...new Set([digitsOf(phone), ...(parsed ? [digitsOf(parsed.formatNational())] : [])])];
}

const phoneCharacters = /^[\d\s()+./-]+$/;

/** Extracts the digits of a search text that looks like (a part of) a phone, without the `00` prefix; undefined for other text. */
export function phoneSearchDigits(text: string): string | undefined {
  const digits = phoneCharacters.test(text) ? digitsOf(text) : '';
  if (digits.length < 2) return undefined;
  return digits.length > 4 ? digits.replace(/^00/, '') : digits;
}
