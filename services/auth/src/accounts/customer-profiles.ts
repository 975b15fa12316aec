import type { NewProfile } from '@clientela/contracts';
import type { Actor, ServiceClient } from '@clientela/http';
import { fullName } from './rules.ts';
import type { User } from './schema.ts';

type Person = Pick<User, 'id' | 'role' | 'business_id' | 'email' | 'first_name' | 'last_name' | 'phone'>;

/** Creates a new user's customer profile at once; the `user.registered` event creates it later when this call fails. */
export type CreateProfile = (user: Person, context: { actor?: Actor | undefined; request_id: string }) => Promise<void>;

const maxNameLength = 255; // of a customer's full_name

/** @param customer client of the customer service, with a short timeout because the registration waits for it */
export const createProfileClient =
  (customer: ServiceClient): CreateProfile =>
  async (user, { actor, request_id }) => {
    if (user.role !== 'customer' || user.business_id === null) return;
    const profile: NewProfile = {
      user_id: user.id,
      business_id: user.business_id,
      email: user.email,
      full_name: [...fullName(user)].slice(0, maxNameLength).join('').trim(),
      phone: user.phone,
    };
    // Registration has no signed-in user, so the new user is the actor.
    const newUser = { id: user.id, role: user.role, company_id: user.business_id, request_id };
    const status = await customer.post('/api/customers/internal/create', profile, {
      actor: actor ?? { ...newUser, session_id: null, client_ip: null },
    });
    if (status >= 300) throw new Error(`the customer service returned ${status} for a new profile`);
  };
