import { accessLevel, type InternalUser, type Role } from '@clientela/contracts';
import type { CustomerInput } from '../customers/schema.ts';

/** User fields that a profile copies; the role decides whether there is a profile. */
export type SyncedField = 'name' | 'email' | 'phone' | 'role';

const syncedFields: Readonly<Record<string, SyncedField>> = {
  name: 'name',
  first_name: 'name',
  last_name: 'name',
  email: 'email',
  phone: 'phone',
  role: 'role',
};

/** Picks the copied fields among the changed ones. */
export const pickSyncedFields = (fields_changed: readonly string[]): SyncedField[] => [
  ...new Set(fields_changed.flatMap((field) => syncedFields[field] ?? [])),
];

/** A field of a customer that follows into its user; `full_name`: the name, of which the parts were left as they were. */
export type FollowedField = 'name' | 'full_name' | 'phone';

const followedFields: Readonly<Record<string, FollowedField>> = {
  full_name: 'name',
  firstname: 'name',
  lastname: 'name',
  phone: 'phone',
};

/** Picks the fields that follow among the changed ones of a customer. */
export function pickFollowedFields(fields_changed: readonly string[]): FollowedField[] {
  const fields = new Set(fields_changed.flatMap((field) => followedFields[field] ?? []));
  const hasParts = fields_changed.some((field) => field === 'firstname' || field === 'lastname');
  return [...fields, ...(fields.has('name') && !hasParts ? (['full_name'] as const) : [])];
}

/** When a user's fields last changed in auth; null where it is not known. */
export const changeTimes = (user: InternalUser): Readonly<Record<SyncedField, string | null>> => ({
  name: user.name_changed_at ?? null,
  phone: user.phone_changed_at ?? null,
  email: null,
  role: null,
});

const maxNameLength = 255; // characters of full_name

/** Shortens a user's name to a customer's maximum length. */
export const toFullName = ({ name }: Pick<InternalUser, 'name'>): string =>
  [...name].slice(0, maxNameLength).join('').trim();

/**
 * Returns the customer fields that a user's change sets.
 * @param isNameBuilt whether the customer's full name is built from its parts, which makes it follow them
 */
export function patchFromUser(user: InternalUser, fields: readonly SyncedField[], isNameBuilt: boolean): CustomerInput {
  const { first_name: firstname, last_name: lastname, email, phone } = user;
  return {
    ...(fields.includes('name') && { firstname, lastname, ...(!isNameBuilt && { full_name: toFullName(user) }) }),
    ...(fields.includes('email') && { email }),
    ...(fields.includes('phone') && { phone }),
  };
}

/** Role that applies to changes of one's own record: customer, unless the actor may change all customers. */
export const ownRecordRole = (role: Role | 'service'): Role =>
  role !== 'service' && accessLevel(role, 'customers:update') === 'any' ? role : 'customer';
