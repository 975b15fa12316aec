import { roles } from '@clientela/contracts';
import { notFound } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { Uuid } from '@clientela/validation';
import { z } from 'zod';
import { findUser } from '../accounts/store.ts';
import { indispensable } from './rules.ts';
import { hasAnother } from './store.ts';

const CompanyUser = z.strictObject({ id: Uuid, role: z.enum(roles), last_admin: z.boolean() });

/** What the customer service asks before it takes a request to erase somebody. */
export const companyUserRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/privacy/users/{user_id}',
    summary: 'A user of the company acted in: its role, and whether it is the last active admin there',
    description: 'Another company’s user, a superuser and an unknown one are the same 404.',
    allow: { internal: ['customer'] },
    params: z.strictObject({ user_id: Uuid }),
    responses: { 200: CompanyUser },
    handle: async ({ db, actor, params }) => {
      const user = await findUser(db, params.user_id);
      if (!user || user.business_id !== actor.company_id) throw notFound('user');
      return { id: user.id, role: user.role, last_admin: indispensable(user) && !(await hasAnother(db, user)) };
    },
  }),
];
