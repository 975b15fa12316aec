import { isSupportedCountry } from 'libphonenumber-js/max';
import { z } from 'zod';

/** Regions of numbering plans whose codes ISO 3166-1 only reserves: Ascension and Tristan da Cunha. */
const reservedCodes = new Set(['AC', 'TA']);

export const countryMessage = 'must be an ISO 3166-1 country code';

/** Whether a code is one of ISO 3166-1, or XK, that has a numbering plan, so that national phone numbers can be read. */
export const isCountry = (code: string): boolean => isSupportedCountry(code) && !reservedCodes.has(code);

/** Two letters in any case, for the body of a change: a stored country may be sent back unchanged, a new one must be a `Country`. */
export const CountryCode = z
  .string()
  .overwrite((code) => code.toUpperCase())
  .refine((code) => /^[A-Z]{2}$/.test(code), countryMessage)
  .meta({ minLength: 2, maxLength: 2, examples: ['ES'] });

/** A country's code, in any case. */
export const Country = CountryCode.refine(isCountry, countryMessage);
