import { roles, type Role } from '@clientela/contracts';
import { WritableMe, type User } from '../accounts/schema.ts';

/** Who acts, as far as it matters here. */
type Actor = { role: Role | 'service'; company_id: string | null };

const rank = (role: Role): number => roles.indexOf(role);

/** Whether a role stands above the actor's own. */
export const above = (actor: Pick<Actor, 'role'>, role: Role): boolean =>
  actor.role === 'service' || rank(role) > rank(actor.role);

/** Whether a user is of the actor's company; a superuser sees everybody. */
export const visible = (actor: Actor, user: Pick<User, 'business_id'>): boolean =>
  actor.role === 'superuser' || (user.business_id !== null && user.business_id === actor.company_id);

/** Whether a user is one of those of whom one must stay: active, and the highest of its company or of the installation. */
export const indispensable = ({ role, is_active }: Pick<User, 'role' | 'is_active'>): boolean =>
  is_active && (role === 'admin' || role === 'superuser');

/** Which of the changed fields people may not write of themselves. */
export const notOfOneself = (changed: readonly string[]): string[] =>
  changed.filter((field) => !(field in WritableMe.shape));
