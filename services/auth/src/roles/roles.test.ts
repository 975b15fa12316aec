import { accessLevel, roles, type Permission } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

test('signed-in users list the roles with the permissions that routes check', async () => {
  const auth = await createTestAuth();
  try {
    for (const role of roles) {
      const { body } = await auth
        .user(role, role === 'superuser' ? undefined : auth.company())
        .get('/api/v1/users/roles')
        .expect(200);
      const listed = body.roles as { name: string; code: (typeof roles)[number]; permissions: string[] }[];
      expect(listed.map(({ name, code }) => `${name} ${code}`)).toEqual([
        'Superuser superuser',
        'Admin admin',
        'Manager manager',
        'Viewer viewer',
        'Customer customer',
      ]);
      for (const { code, permissions } of listed) {
        if (code === 'admin' || code === 'superuser') expect(permissions).toEqual(['all']);
        else
          for (const grant of permissions) {
            const own = grant.endsWith(':own');
            expect(accessLevel(code, grant.replace(/:own$/, '') as Permission), `${code} ${grant}`).not.toBe('none');
            if (code === 'customer' && own)
              expect(accessLevel(code, grant.replace(/:own$/, '') as Permission)).toBe('own');
          }
      }
    }
    await auth.anonymous().get('/api/v1/users/roles').expect(401);
  } finally {
    await auth.close();
  }
});
