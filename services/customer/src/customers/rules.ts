import type { Role } from '@clientela/contracts';
import type { FieldError } from '@clientela/errors';
import { documentNumberError } from '@clientela/validation';
import { normalizePhone } from '@clientela/validation/phones';
import type { Change } from '../history/schema.ts';
import type { Address, Customer, CustomerFields, CustomerInput, Preferences } from './schema.ts';

/** A record of which nothing was said yet. */
export const emptyCustomer: CustomerFields = {
  user_id: null,
  external_id: null,
  full_name: null,
  full_name_built: true,
  firstname: null,
  lastname: null,
  email: null,
  phone: null,
  phone_typed: null,
  gender: null,
  birthday: null,
  city_id: null,
  document_type: null,
  document_number: null,
  address: null,
  preferences: { newsletter: false, notifications: true, language: 'en' },
  metadata: {},
  last_auth_at: null,
};

/**
 * The record after a change, of which every field may be left out.
 * @param country by which a national phone number is read
 */
export function applyPatch(current: CustomerFields, given: CustomerInput, country: string): CustomerFields {
  const { address, preferences, phone, full_name: _, ...plain } = given;
  return {
    ...current,
    ...plain,
    ...resolveNames(current, given),
    ...resolvePhone(current, phone, country),
    address: resolveAddress(current.address, address),
    preferences: { ...current.preferences, ...preferences } as Preferences,
  };
}

type Names = Pick<CustomerFields, 'full_name' | 'full_name_built' | 'firstname' | 'lastname'>;

const maxNameLength = 255; // characters of full_name

/**
 * The names after a change. A full name that nobody gave is built from firstname and lastname, and built again when they change.
 * One that is sent back as it was read counts as not given; null hands it back to building.
 */
function resolveNames(current: Names, given: CustomerInput): Names {
  const { firstname = current.firstname, lastname = current.lastname } = given;
  const unsaid = given.full_name === undefined || given.full_name === current.full_name;
  const full_name_built = unsaid ? current.full_name_built : given.full_name === null;
  if (!full_name_built)
    return { full_name: unsaid ? current.full_name : (given.full_name ?? null), full_name_built, firstname, lastname };
  const built = [firstname, lastname].filter((name) => name !== null).join(' ');
  return {
    full_name: [...built].slice(0, maxNameLength).join('').trim() || null,
    full_name_built,
    firstname,
    lastname,
  };
}

/** A phone that comes back in the spelling in which it is stored keeps what was typed at first. */
function resolvePhone(current: CustomerFields, given: string | null | undefined, country: string) {
  if (given === undefined || given === current.phone) return {};
  const phone = given === null ? null : normalizePhone(given, country);
  return phone === current.phone ? {} : { phone, phone_typed: given };
}

const emptyAddress: Address = { line: null, city: null, state: null, zip_code: null, country: null };

/** The address after a change: given lines replace, others stay; an address without a line is none. */
function resolveAddress(current: Address | null, given: CustomerInput['address']): Address | null {
  if (given === undefined) return current;
  const address = given === null ? emptyAddress : ({ ...emptyAddress, ...current, ...given } as Address);
  return Object.values(address).some((line) => line !== null) ? address : null;
}

const contactFields = ['full_name', 'firstname', 'lastname', 'email', 'phone'] as const;

type ValidatedFields = { [Field in (typeof contactFields)[number] | 'document_type' | 'document_number']?: unknown };

/** What is wrong with a record as a whole, be its fields well formed or not. */
export function recordErrors(record: ValidatedFields): FieldError[] {
  const nobody = contactFields.every((field) => record[field] === undefined || record[field] === null);
  const faults = documentErrors(record);
  if (nobody)
    faults.unshift({
      path: 'full_name',
      message: `is required when all of ${contactFields.slice(1).join(', ')} are missing`,
    });
  return faults;
}

/** A number needs the type by which it is checked; a type alone may wait for its number. */
export function documentErrors({
  document_type,
  document_number,
}: Pick<ValidatedFields, 'document_type' | 'document_number'>): FieldError[] {
  if (typeof document_number !== 'string') return [];
  if (document_type === undefined || document_type === null)
    return [{ path: 'document_type', message: 'is required beside a document_number' }];
  const fault = typeof document_type === 'string' ? documentNumberError(document_type, document_number) : undefined;
  return fault ? [{ path: 'document_number', message: fault }] : [];
}

/** A customer is tied to a user once. */
export const userErrors = (current: Pick<CustomerFields, 'user_id'>, { user_id }: CustomerInput): FieldError[] =>
  user_id === undefined || current.user_id === null || user_id === current.user_id
    ? []
    : [{ path: 'user_id', message: 'is read-only once it is set' }];

const publicFieldNames: Readonly<Record<string, string>> = { full_name_built: 'full_name', phone_typed: 'phone' };

/** The changed fields by the names that callers know. */
export const changedFields = (fields: readonly string[]): string[] => [
  ...new Set(fields.map((field) => publicFieldNames[field] ?? field)),
];

/** The values of fields before and after a change, as the history keeps them. */
export const changesBetween = (before: Customer, after: Customer, fields: readonly string[]): Change[] =>
  fields.map((field) => ({ field, from: before[field as keyof Customer], to: after[field as keyof Customer] }));

/** What role customer neither sees nor writes. */
const hiddenFromCustomer = new Set<string>(['tags', 'metadata', 'external_id'] satisfies (keyof Customer)[]);
/** What role customer changes of its own record. */
const writableByCustomer = new Set<string>([
  'full_name',
  'firstname',
  'lastname',
  'email',
  'phone',
  'gender',
  'birthday',
  'address',
  'preferences',
] satisfies (keyof Customer)[]);

/**
 * The fields that a role may not write.
 * @param sent every field of the body
 * @param changed those that would change the record; what is sent back as it was read harms nobody
 */
export const forbiddenFields = (
  role: Role | 'service',
  sent: readonly string[],
  changed: readonly string[],
): string[] =>
  role === 'customer'
    ? sent.filter(
        (field) => hiddenFromCustomer.has(field) || (changed.includes(field) && !writableByCustomer.has(field)),
      )
    : [];

/** The record as a role may see it. */
export const redactForRole = (role: Role | 'service', customer: Customer): Partial<Customer> =>
  role === 'customer'
    ? Object.fromEntries(Object.entries(customer).filter(([field]) => !hiddenFromCustomer.has(field)))
    : customer;
