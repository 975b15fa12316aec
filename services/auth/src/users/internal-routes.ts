import { roles } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { notFound } from '@clientela/errors';
import { isApiKey, route, type Actor, type Route } from '@clientela/http';
import { Uuid } from '@clientela/validation';
import { z } from 'zod';
import { findUser } from '../accounts/store.ts';
import { isCurrentKey } from '../api-keys/store.ts';
import { isLastAdminCandidate } from './rules.ts';
import { hasOtherActive, isCurrentActor } from './store.ts';

const CompanyUser = z.strictObject({
  id: Uuid,
  role: z.enum(roles),
  last_admin: z.boolean(),
  actor_is_current: z.boolean(),
});

/** Lets the customer service check a user before it accepts an erasure request. */
export const companyUserRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/internal/privacy/users/{user_id}',
    summary: 'Find a user of the company, and whether the user for whom the call is made may still act',
    description:
      'last_admin: whether it is the last active admin. Returns the same 404 for a user of another company, a superuser and an unknown user.',
    allow: { internal: ['customer'] },
    params: z.strictObject({ user_id: Uuid }),
    responses: { 200: CompanyUser },
    handle: async ({ db, actor, params }) => {
      const user = await findUser(db, params.user_id);
      if (!user || user.business_id !== actor.company_id) throw notFound('user');
      const last_admin = isLastAdminCandidate(user) && !(await hasOtherActive(db, user));
      return { id: user.id, role: user.role, last_admin, actor_is_current: await mayStillAct(db, actor) };
    },
  }),
];

/** Whether the actor of a privacy route still has its rights. An API key has no session: it is judged by its own record. */
async function mayStillAct(db: Db, actor: Actor): Promise<boolean> {
  if (actor.role === 'service') return true;
  return isApiKey(actor) ? isCurrentKey(db, actor, 'gdpr:manage', false) : isCurrentActor(db, actor);
}
