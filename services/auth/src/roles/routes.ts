import { grants, roles, type Role } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { nameSchemas } from '@clientela/validation';
import { z } from 'zod';

const RoleItem = z.strictObject({
  name: z.string(),
  code: z.enum(roles),
  permissions: z
    .array(z.string())
    .meta({ description: 'resource:action, with the suffix :own when limited to your own record; or all' }),
});

const RoleList = z.strictObject({ roles: z.array(RoleItem) });
nameSchemas({ Role: RoleItem, RoleList });

const displayName = (role: Role) => `${role.charAt(0).toUpperCase()}${role.slice(1)}`;

/** The grants that routes check, most powerful role first. */
const roleItems: z.infer<typeof RoleItem>[] = roles.toReversed().map((code) => ({
  name: displayName(code),
  code,
  permissions: grants[code].map((grant) => (grant === '*' ? 'all' : grant)),
}));

export const roleRoutes = (): Route[] => [
  route({
    method: 'get',
    path: '/api/v1/users/roles',
    operation: 'roles.list',
    summary: 'List roles and their permissions',
    allow: 'signed_in',
    tenancy: 'global',
    responses: { 200: RoleList },
    handle: () => ({ roles: roleItems }),
  }),
];
