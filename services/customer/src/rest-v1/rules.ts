import type { FieldError } from '@clientela/errors';
import { normalizePhone, withoutExtension } from '@clientela/validation/phones';
import type { Customer, CustomerInput } from '../customers/schema.ts';
import type { LegacyCustomer, LegacyCustomerInput, LegacyListItem } from './schema.ts';

export const phoneMessage = 'must have 11 to 14 digits, the country code first';
export const isLegacyPhone = (input: string): boolean => /^\+?\d{11,14}$/.test(input);

/** Adds the plus and replaces the Russian trunk prefix 8 by the country code 7. */
const toInternational = (input: string): string => input.replace(/^8(?=\d{10}$)/, '7').replace(/^\+?/, '+');

/** The digits of a stored phone. This API has no extensions. */
export const toDigits = (phone: string | null) => phone && withoutExtension(phone).replaceAll(/\D/g, '');

/** Legacy phones have a country code, so no country is needed to normalize them. */
export const noCountry = '';

/** Returns the compared form of a phone. */
export const comparedPhone = (input: string): string =>
  normalizePhone(toInternational(input), noCountry).replace(/^\+/, '');

/** Whether a phone is the one that a response showed, or the same number in another accepted spelling. */
export const isShownPhone = (input: string | null, shown: string | null): boolean =>
  input === shown || (input !== null && [input, toInternational(input)].includes(`+${shown}`));

const genderLetters: Readonly<Record<string, 'M' | 'F'>> = { male: 'M', female: 'F' };
const gendersByLetter = { M: 'male', F: 'female' } as const;

/** Converts a customer to the legacy representation. */
export const toLegacyCustomer = (
  customer: Omit<LegacyCustomer, 'id' | 'gender'> & Pick<Customer, 'number' | 'gender'>,
) => ({
  id: customer.number,
  phone: toDigits(customer.phone),
  firstname: customer.firstname,
  lastname: customer.lastname,
  email: customer.email,
  birthday: customer.birthday,
  gender: (customer.gender && genderLetters[customer.gender]) ?? null,
  city_id: customer.city_id,
  last_auth_at: customer.last_auth_at,
});

const localDigits = 10; // of a phone in a list item; its code stands before them

/** Whether a phone is in national form, to which the company's calling code belongs. */
export const lacksCode = (phone: string | null): boolean =>
  toDigits(phone)?.length === localDigits && !phone?.startsWith('+');

/**
 * Converts a customer to a legacy list item, with the phone in two parts; a phone that has no two parts is null.
 * @param callingCode of the company, for a number in national form
 */
export function toLegacyItem(
  { number, phone, ...rest }: Omit<LegacyListItem, 'id' | 'phone'> & { number: number; phone: string | null },
  callingCode: string | undefined,
): LegacyListItem {
  const digits = toDigits(phone) ?? '';
  const code = lacksCode(phone) ? callingCode : digits.slice(0, -localDigits);
  return { id: number, ...rest, phone: code ? { id: number, code, number: digits.slice(-localDigits) } : null };
}

/** Converts legacy fields to those of the record. */
export const toCustomerInput = ({ phone, gender, ...plain }: LegacyCustomerInput): CustomerInput => ({
  ...plain,
  ...(phone && { phone: toInternational(phone) }),
  ...(gender !== undefined && { gender: gender && gendersByLetter[gender] }),
});

/** Checks a phone that differs from the record's. */
export const phoneErrors = ({ phone }: LegacyCustomerInput): FieldError[] =>
  phone === undefined || (phone !== null && isLegacyPhone(phone)) ? [] : [{ path: 'phone', message: phoneMessage }];
