import { InternalUser, outsideServices } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { outsideServiceOf, route, type Route } from '@clientela/http';
import { Uuid } from '@clientela/validation';
import { z } from 'zod';
import { fullName } from './rules.ts';
import { findUser } from './store.ts';

/** What services outside of the fleet find out about a user: no name, e-mail or phone. */
const UserState = InternalUser.pick({ id: true, active: true, role: true, business_id: true });

/** Shows the customer service a user's current values; events carry only the names of changed fields. */
export const internalUserRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/users/{user_id}',
    summary: 'Find a user by id',
    description: 'Without names, e-mail and phone for services outside of the fleet.',
    allow: { internal: ['customer', ...outsideServices] },
    tenancy: 'global',
    params: z.strictObject({ user_id: Uuid }),
    responses: { 200: z.union([InternalUser.strict(), UserState.strict()]) },
    handle: async ({ db, actor, params }) => {
      const user = await findUser(db, params.user_id);
      if (!user) throw notFound('user');
      const {
        id,
        is_active: active,
        role,
        business_id,
        first_name,
        last_name,
        email,
        phone,
        name_changed_at,
        phone_changed_at,
      } = user;
      if (outsideServiceOf(actor)) return { id, active, role, business_id };
      return {
        id,
        active,
        role,
        business_id,
        name: fullName(user),
        first_name,
        last_name,
        email,
        phone,
        name_changed_at,
        phone_changed_at,
      };
    },
  }),
];
