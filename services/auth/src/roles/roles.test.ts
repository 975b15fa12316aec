import { accessLevel, roles, type Permission } from '@clientela/contracts';
import { expect, test } from 'vitest';
import { authUnderTest } from '../auth-under-test.ts';

test('every signed-in user reads the roles, as the doors know them', async () => {
  const auth = await authUnderTest();
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
          for (const held of permissions) {
            const own = held.endsWith(':own');
            expect(accessLevel(code, held.replace(/:own$/, '') as Permission), `${code} ${held}`).not.toBe('none');
            if (code === 'customer' && own)
              expect(accessLevel(code, held.replace(/:own$/, '') as Permission)).toBe('own');
          }
      }
    }
    await auth.anonymous().get('/api/v1/users/roles').expect(401);
  } finally {
    await auth.close();
  }
});
