import type { NewProfile } from '@clientela/contracts';
import type { Actor, ServiceClient } from '@clientela/http';
import { fullName } from './rules.ts';
import type { User } from './schema.ts';

type Person = Pick<User, 'id' | 'role' | 'business_id' | 'email' | 'first_name' | 'last_name' | 'phone'>;

/** Has a new user's customer profile made at once; `user.registered` has it made later when this fails. */
export type MakeProfile = (user: Person, call: { actor?: Actor | undefined; request_id: string }) => Promise<void>;

const longest = 255; // characters of a customer's full_name

/** @param customer the customer service, with a short deadline: whoever signs up waits for it */
export const profileMaker =
  (customer: ServiceClient): MakeProfile =>
  async (user, { actor, request_id }) => {
    if (user.role !== 'customer' || user.business_id === null) return;
    const profile: NewProfile = {
      user_id: user.id,
      business_id: user.business_id,
      email: user.email,
      full_name: [...fullName(user)].slice(0, longest).join('').trim(),
      phone: user.phone,
    };
    // Who signs up is signed in nowhere yet: it is its own doing.
    const itself = { id: user.id, role: user.role, company_id: user.business_id, request_id };
    const status = await customer.post('/api/customers/internal/create', profile, {
      actor: actor ?? { ...itself, session_id: null, client_ip: null },
    });
    if (status >= 300) throw new Error(`customer answered ${status} to a new profile`);
  };
