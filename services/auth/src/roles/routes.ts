import { grants, roles, type Role } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';

const RoleListed = z.strictObject({
  name: z.string(),
  code: z.enum(roles),
  permissions: z
    .array(z.string())
    .meta({ description: 'resource:action, with :own for one’s own record only; or all' }),
});

const named = (role: Role) => `${role.charAt(0).toUpperCase()}${role.slice(1)}`;

/** The same table that every door asks, the most powerful role first. */
const listed: z.infer<typeof RoleListed>[] = roles.toReversed().map((code) => ({
  name: named(code),
  code,
  permissions: grants[code].map((grant) => (grant === '*' ? 'all' : grant)),
}));

export const roleRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/users/roles',
    summary: 'List the roles and what each may do',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: z.strictObject({ roles: z.array(RoleListed) }) },
    handle: () => ({ roles: listed }),
  }),
];
