import { InternalUser } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Uuid } from '@clientela/validation';
import { z } from 'zod';
import { fullName } from './rules.ts';
import { findUser } from './store.ts';

/** Gives the customer service a user's current values; events carry only the names of changed fields. */
export const internalUserRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/users/{user_id}',
    summary: 'Find a user by id',
    allow: { internal: ['customer'] },
    tenancy: 'global',
    params: z.strictObject({ user_id: Uuid }),
    responses: { 200: InternalUser.strict() },
    handle: async ({ db, params }) => {
      const user = await findUser(db, params.user_id);
      if (!user) throw notFound('user');
      const { id, is_active: active, role, business_id, first_name, last_name, email, phone } = user;
      return { id, active, role, business_id, name: fullName(user), first_name, last_name, email, phone };
    },
  }),
];
