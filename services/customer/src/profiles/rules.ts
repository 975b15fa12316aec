import { accessLevel, type InternalUser, type Role } from '@clientela/contracts';
import type { CustomerInput } from '../customers/schema.ts';

/** What of a user a profile follows; a role says whether there is a profile at all. */
export type SyncedField = 'name' | 'email' | 'phone' | 'role';

const syncedFields: Readonly<Record<string, SyncedField>> = {
  name: 'name',
  first_name: 'name',
  last_name: 'name',
  email: 'email',
  phone: 'phone',
  role: 'role',
};

/** The followed fields among those that changed. */
export const pickSyncedFields = (fields_changed: readonly string[]): SyncedField[] => [
  ...new Set(fields_changed.flatMap((field) => syncedFields[field] ?? [])),
];

const maxNameLength = 255; // characters of full_name

/** A user's name as a customer's, which may be shorter. */
export const toFullName = ({ name }: Pick<InternalUser, 'name'>): string =>
  [...name].slice(0, maxNameLength).join('').trim();

/**
 * What a user's change brings to its customer.
 * @param built whether the customer's full name is built from its parts, and follows them by itself
 */
export function patchFromUser(user: InternalUser, fields: readonly SyncedField[], built: boolean): CustomerInput {
  const { first_name: firstname, last_name: lastname, email, phone } = user;
  return {
    ...(fields.includes('name') && { firstname, lastname, ...(!built && { full_name: toFullName(user) }) }),
    ...(fields.includes('email') && { email }),
    ...(fields.includes('phone') && { phone }),
  };
}

/** As whom somebody changes its own record: who may change no others, as a customer. */
export const ownRecordRole = (role: Role | 'service'): Role =>
  role !== 'service' && accessLevel(role, 'customers:update') === 'any' ? role : 'customer';
