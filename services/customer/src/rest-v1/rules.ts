import type { FieldError } from '@clientela/errors';
import type { Customer, CustomerInput } from '../customers/schema.ts';
import type { LegacyCustomer, LegacyCustomerInput, LegacyListItem } from './schema.ts';

export const phoneMessage = 'must have 11 to 14 digits, the country code first';
export const isLegacyPhone = (input: string): boolean => /^\+?\d{11,14}$/.test(input);

/** Adds the plus and replaces the Russian trunk prefix 8 by the country code 7. */
const toInternational = (input: string): string => input.replace(/^8(?=\d{10}$)/, '7').replace(/^\+?/, '+');

const toDigits = (phone: string | null) => phone && phone.replaceAll(/\D/g, '');

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

/** Converts a customer to a legacy list item, with the phone in two parts. */
export function toLegacyItem({
  number,
  phone,
  ...rest
}: Omit<LegacyListItem, 'id' | 'phone'> & { number: number; phone: string | null }) {
  const digits = toDigits(phone);
  return {
    id: number,
    ...rest,
    phone: digits && { id: number, code: digits.slice(0, -10), number: digits.slice(-10) },
  };
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
