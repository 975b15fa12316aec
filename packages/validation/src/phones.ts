import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { text } from './field-types.ts';

const digitsOf = (typed: string) => typed.replaceAll(/\D/g, '');

/** A phone as people type it: 5 to 20 characters with 5 to 15 digits. It is normalised, not judged. */
export const Phone = text(20, 5).refine((typed) => {
  const { length } = digitsOf(typed);
  return length >= 5 && length <= 15;
}, 'must have 5 to 15 digits');

/**
 * A phone in the one spelling in which it is stored and compared: E.164 (ITU-T) when it can be read as a possible number,
 * else `+` and the digits when it began with `+`, else the digits as typed.
 * @param country ISO 3166 code by which a national form is read
 */
export function normalizePhone(typed: string, country: string): string {
  const region = isSupportedCountry(country) ? country : undefined;
  const read = parsePhoneNumberFromString(
    typed,
    region ? { defaultCountry: region, extract: false } : { extract: false },
  );
  if (read?.isValid()) return read.number;
  return typed.trim().startsWith('+') ? `+${digitsOf(typed)}` : digitsOf(typed);
}

/**
 * The digits by which a stored phone is found: with its country code, and as it is dialled inside its country.
 * @param phone as `normalizePhone` made it
 */
export function phoneDigits(phone: string): string[] {
  const read = phone.startsWith('+') ? parsePhoneNumberFromString(phone) : undefined;
  return [...new Set([digitsOf(phone), ...(read ? [digitsOf(read.formatNational())] : [])])];
}

const phoneLike = /^[\d\s()+./-]+$/;

/** The digits of a text that looks like a phone or a part of one, without the `00` of a call abroad; undefined for other text. */
export function phoneSearchDigits(text: string): string | undefined {
  const digits = phoneLike.test(text) ? digitsOf(text) : '';
  if (digits.length < 2) return undefined;
  return digits.length > 4 ? digits.replace(/^00/, '') : digits;
}
