import { digitsOfLetters, serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import type { User } from '../accounts/schema.ts';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(createTestAuth);

const path = '/api/v1/users';

test('does not find letters of other scripts by digits or Latin letters', async ({ service }) => {
  const { client } = await service.register({ name: 'Root Admin' });
  const names = { first_name: '김민준 สมชาย', last_name: '王小明 محمد' };
  const { body } = await client
    .post(path, { email: 'letters@example.com', password: 'correct horse battery', ...names })
    .expect(201);
  const user = body as User;
  const own = `${user.username} ${user.email} ${user.unique_id}`.toLowerCase();
  for (const search of digitsOfLetters('김민준', '王小明', 'สมชาย', 'محمد')) {
    if (own.includes(search)) continue;
    const found = (await client.get(`${path}?search=${search}`).expect(200)).body.users as User[];
    expect([search, found.filter(({ id }) => id === user.id)]).toEqual([search, []]);
  }
});
