import type { FieldError } from '@clientela/errors';
import type { Customer, CustomerInput } from '../customers/schema.ts';
import type { LegacyCustomer, LegacyCustomerInput, LegacyListItem } from './schema.ts';

export const phoneMessage = 'must have 11 to 14 digits, the country code first';
export const isLegacyPhone = (given: string): boolean => /^\+?\d{11,14}$/.test(given);

/** With the country code always: a Russian trunk prefix, as people there write it, stands for the country code. */
const toInternational = (given: string): string => given.replace(/^8(?=\d{10}$)/, '7').replace(/^\+?/, '+');

const toDigits = (phone: string | null) => phone && phone.replaceAll(/\D/g, '');

const letters: Readonly<Record<string, 'M' | 'F'>> = { male: 'M', female: 'F' };
const words = { M: 'male', F: 'female' } as const;

/** The customer as this dialect shows it. */
export const toLegacyCustomer = (
  customer: Omit<LegacyCustomer, 'id' | 'gender'> & Pick<Customer, 'number' | 'gender'>,
) => ({
  id: customer.number,
  phone: toDigits(customer.phone),
  firstname: customer.firstname,
  lastname: customer.lastname,
  email: customer.email,
  birthday: customer.birthday,
  gender: (customer.gender && letters[customer.gender]) ?? null,
  city_id: customer.city_id,
  last_auth_at: customer.last_auth_at,
});

/** A line of the list: the phone in two parts. */
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

/** The fields by the names and in the spellings of the record. */
export const toCustomerInput = ({ phone, gender, ...plain }: LegacyCustomerInput): CustomerInput => ({
  ...plain,
  ...(phone && { phone: toInternational(phone) }),
  ...(gender !== undefined && { gender: gender && words[gender] }),
});

/** What is wrong with a phone that is not the one the record had. */
export const phoneErrors = ({ phone }: LegacyCustomerInput): FieldError[] =>
  phone === undefined || (phone !== null && isLegacyPhone(phone)) ? [] : [{ path: 'phone', message: phoneMessage }];
