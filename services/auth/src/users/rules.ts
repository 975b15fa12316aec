import { roles, type Role } from '@clientela/contracts';
import { WritableMe, type User } from '../accounts/schema.ts';

type Actor = { role: Role | 'service'; company_id: string | null };

const rank = (role: Role): number => roles.indexOf(role);

export const outranks = (role: Role, actor: Pick<Actor, 'role'>): boolean =>
  actor.role === 'service' || rank(role) > rank(actor.role);

/** Whether the user belongs to the actor's company; a superuser can see every user. */
export const canSee = (actor: Actor, user: Pick<User, 'business_id'>): boolean =>
  actor.role === 'superuser' || (user.business_id !== null && user.business_id === actor.company_id);

/** Whether the user could be the last active admin of its company, or the last active superuser. */
export const isLastAdminCandidate = ({ role, is_active }: Pick<User, 'role' | 'is_active'>): boolean =>
  is_active && (role === 'admin' || role === 'superuser');

type Rights = Pick<User, 'role' | 'is_active'>;
/** Whether a user is inactive or was demoted. */
export const losesRights = (before: Rights, after: Rights): boolean =>
  !after.is_active || rank(after.role) < rank(before.role);

/** Returns the changed fields that users may not write in their own record. */
export const selfRestrictedFields = (changed: readonly string[]): string[] =>
  changed.filter((field) => !(field in WritableMe.shape));
