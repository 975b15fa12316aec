import { accessLevel, type InternalUser, type Role } from '@clientela/contracts';
import type { CustomerGiven } from '../customers/schema.ts';

/** What of a user a profile follows; a role says whether there is a profile at all. */
export type Followed = 'name' | 'email' | 'phone' | 'role';

const followed: Readonly<Record<string, Followed>> = {
  name: 'name',
  first_name: 'name',
  last_name: 'name',
  email: 'email',
  phone: 'phone',
  role: 'role',
};

/** The followed fields among those that changed. */
export const followedAmong = (fields_changed: readonly string[]): Followed[] => [
  ...new Set(fields_changed.flatMap((field) => followed[field] ?? [])),
];

const longest = 255; // characters of full_name

/** A user's name as a customer's, which may be shorter. */
export const fullNameOf = ({ name }: Pick<InternalUser, 'name'>): string => [...name].slice(0, longest).join('').trim();

/**
 * What a user's change brings to its customer.
 * @param built whether the customer's full name is built from its parts, and follows them by itself
 */
export function broughtBy(user: InternalUser, fields: readonly Followed[], built: boolean): CustomerGiven {
  const { first_name: firstname, last_name: lastname, email, phone } = user;
  return {
    ...(fields.includes('name') && { firstname, lastname, ...(!built && { full_name: fullNameOf(user) }) }),
    ...(fields.includes('email') && { email }),
    ...(fields.includes('phone') && { phone }),
  };
}

/** As whom somebody changes its own record: who may change no others, as a customer. */
export const ownerRole = (role: Role | 'service'): Role =>
  role !== 'service' && accessLevel(role, 'customers:update') === 'any' ? role : 'customer';
