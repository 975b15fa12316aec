import type { Role } from '@clientela/contracts';
import type { FieldError } from '@clientela/errors';
import { documentNumberError, mergeMetadata, resolveDocumentNumber } from '@clientela/validation';
import { normalizePhone } from '@clientela/validation/phones';
import type { Change } from '../history/schema.ts';
import type { Address, Customer, CustomerFields, CustomerInput, Preferences } from './schema.ts';

/** Default values of a new record. */
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
 * Returns the record after a change; omitted fields keep their values.
 * @param country normalizes national phone numbers
 */
export function applyPatch(current: CustomerFields, input: CustomerInput, country: string): CustomerFields {
  const { address, preferences, metadata, phone, full_name: _fullName, ...plainFields } = input;
  return {
    ...current,
    ...plainFields,
    ...resolveNames(current, input),
    ...resolvePhone(current, phone, country),
    ...resolveDocument(current, plainFields),
    address: resolveAddress(current.address, address),
    preferences: { ...current.preferences, ...preferences } as Preferences,
    metadata: metadata ? mergeMetadata(current.metadata, metadata) : current.metadata,
  };
}

type Names = Pick<CustomerFields, 'full_name' | 'full_name_built' | 'firstname' | 'lastname'>;

const maxNameLength = 255; // characters of full_name

/**
 * Resolves the names after a change. A full name is built from firstname and lastname until a client sets it, and rebuilt when
 * they change. Sending it back unchanged does not set it; null returns to building.
 */
function resolveNames(current: Names, input: CustomerInput): Names {
  const { firstname = current.firstname, lastname = current.lastname } = input;
  const isUnchanged = input.full_name === undefined || input.full_name === current.full_name;
  const full_name_built = isUnchanged ? current.full_name_built : input.full_name === null;
  if (!full_name_built) {
    const full_name = isUnchanged ? current.full_name : (input.full_name ?? null);
    return { full_name, full_name_built, firstname, lastname };
  }
  const built = [firstname, lastname].filter((name) => name !== null).join(' ');
  return {
    full_name: [...built].slice(0, maxNameLength).join('').trim() || null,
    full_name_built,
    firstname,
    lastname,
  };
}

/** Resolves the phone after a change. A phone that is sent back in its normalized form keeps its original spelling. */
function resolvePhone(current: CustomerFields, input: string | null | undefined, country: string) {
  if (input === undefined || input === current.phone) return {};
  const phone = input === null ? null : normalizePhone(input, country);
  return phone === current.phone ? {} : { phone, phone_typed: input };
}

/** Resolves the document number after a change of it or of its type, which decides what a number is. */
function resolveDocument(current: CustomerFields, changed: Pick<CustomerInput, 'document_type' | 'document_number'>) {
  const { document_type: type, document_number: number } = { ...current, ...changed };
  const stored = { type: current.document_type, number: current.document_number };
  return { document_number: resolveDocumentNumber(stored, { type, number }) };
}

const emptyAddress: Address = { line: null, city: null, state: null, zip_code: null, country: null };

/** Merges the given address lines into the current ones; an address without any line becomes null. */
function resolveAddress(current: Address | null, input: CustomerInput['address']): Address | null {
  if (input === undefined) return current;
  const address = input === null ? emptyAddress : ({ ...emptyAddress, ...current, ...input } as Address);
  return Object.values(address).some((line) => line !== null) ? address : null;
}

const contactFields = ['full_name', 'firstname', 'lastname', 'email', 'phone'] as const;

type CheckedFields = { [Field in (typeof contactFields)[number] | 'document_type' | 'document_number']?: unknown };

/** Requires a name or a way to reach the person, whether or not single fields are valid. */
export const contactErrors = (record: Pick<CheckedFields, (typeof contactFields)[number]>): FieldError[] =>
  contactFields.some((field) => record[field] !== undefined && record[field] !== null)
    ? []
    : [{ path: 'full_name', message: `is required when all of ${contactFields.slice(1).join(', ')} are missing` }];

/**
 * Checks a document number by its type, which it requires; a type without a number is valid.
 * @param country of the company; undefined where it is not known yet
 */
export function documentErrors(
  { document_type, document_number }: Pick<CheckedFields, 'document_type' | 'document_number'>,
  country?: string,
): FieldError[] {
  if (typeof document_number !== 'string') return [];
  if (document_type === undefined || document_type === null)
    return [{ path: 'document_type', message: 'is required with document_number' }];
  const message =
    typeof document_type === 'string' ? documentNumberError(document_type, document_number, country) : undefined;
  return message ? [{ path: 'document_number', message }] : [];
}

/** Whether a change depends on the company's country: a national phone number, or a RUT. */
export const needsCountry = (body: Readonly<Record<string, unknown>>): boolean =>
  ['phone', 'document_type', 'document_number'].some((field) => typeof body[field] === 'string');

/** Rejects a change of user_id once it is set. */
export const userErrors = (current: Pick<CustomerFields, 'user_id'>, { user_id }: CustomerInput): FieldError[] =>
  user_id === undefined || current.user_id === null || user_id === current.user_id
    ? []
    : [{ path: 'user_id', message: 'is read-only once it is set' }];

/** Rejects another e-mail in one's own record: the user's address changes first, once the new one has confirmed it. */
export const ownEmailErrors = (current: Pick<CustomerFields, 'email'>, { email }: CustomerInput): FieldError[] =>
  email === undefined || email === current.email
    ? []
    : [{ path: 'email', message: 'is changed by POST /auth/change-email only' }];

const publicFieldNames: Readonly<Record<string, string>> = { full_name_built: 'full_name', phone_typed: 'phone' };

/** Returns the changed fields by their public names. */
export const changedFields = (fields: readonly string[]): string[] => [
  ...new Set(fields.map((field) => publicFieldNames[field] ?? field)),
];

/** Returns the values of fields before and after a change, for the history. */
export const changesBetween = (before: Customer, after: Customer, fields: readonly string[]): Change[] =>
  fields.map((field) => ({ field, from: before[field as keyof Customer], to: after[field as keyof Customer] }));

/** Fields that role customer neither sees nor writes. */
const hiddenFromCustomer = new Set<string>(['tags', 'metadata', 'external_id'] satisfies (keyof Customer)[]);
/** Fields that role customer may change in its own record. */
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
 * Returns the fields of a body that the role may not write.
 * @param sent all fields of the body
 * @param changed fields that would change the record; unchanged ones are allowed, except hidden ones
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

/** Returns the fields of the record that the role may see. */
export const redactForRole = (role: Role | 'service', customer: Customer): Partial<Customer> =>
  role === 'customer'
    ? Object.fromEntries(Object.entries(customer).filter(([field]) => !hiddenFromCustomer.has(field)))
    : customer;
