import type { FieldError } from '@clientela/errors';
import type { Customer, CustomerGiven } from '../customers/schema.ts';
import type { BareCustomer, BareCustomerGiven, Item } from './schema.ts';

export const phoneRule = 'must have 11 to 14 digits, the country code first';
export const isPhone = (given: string): boolean => /^\+?\d{11,14}$/.test(given);

/** With the country code always: a Russian trunk prefix, as people there write it, stands for the country code. */
const international = (given: string): string => given.replace(/^8(?=\d{10}$)/, '7').replace(/^\+?/, '+');

const digitsOf = (phone: string | null) => phone && phone.replaceAll(/\D/g, '');

const letters: Readonly<Record<string, 'M' | 'F'>> = { male: 'M', female: 'F' };
const words = { M: 'male', F: 'female' } as const;

/** The customer as this dialect shows it. */
export const bare = (customer: Omit<BareCustomer, 'id' | 'gender'> & Pick<Customer, 'number' | 'gender'>) => ({
  id: customer.number,
  phone: digitsOf(customer.phone),
  firstname: customer.firstname,
  lastname: customer.lastname,
  email: customer.email,
  birthday: customer.birthday,
  gender: (customer.gender && letters[customer.gender]) ?? null,
  city_id: customer.city_id,
  last_auth_at: customer.last_auth_at,
});

/** A line of the list: the phone in two parts. */
export function item({
  number,
  phone,
  ...rest
}: Omit<Item, 'id' | 'phone'> & { number: number; phone: string | null }) {
  const digits = digitsOf(phone);
  return {
    id: number,
    ...rest,
    phone: digits && { id: number, code: digits.slice(0, -10), number: digits.slice(-10) },
  };
}

/** The fields by the names and in the spellings of the record. */
export const recordFields = ({ phone, gender, ...plain }: BareCustomerGiven): CustomerGiven => ({
  ...plain,
  ...(phone && { phone: international(phone) }),
  ...(gender !== undefined && { gender: gender && words[gender] }),
});

/** What is wrong with a phone that is not the one the record had. */
export const phoneFaults = ({ phone }: BareCustomerGiven): FieldError[] =>
  phone === undefined || (phone !== null && isPhone(phone)) ? [] : [{ path: 'phone', message: phoneRule }];
