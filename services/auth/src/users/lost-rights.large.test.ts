import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { serviceTest } from '@clientela/testing';
import { describe, expect } from 'vitest';
import {
  allRejected,
  changingRoutesOf,
  createPair,
  losses,
  newEmail,
  newPassword,
  requestOf,
  signIn,
  useLostRights,
  userPath,
  type Pair,
} from '../testing/lost-rights.ts';
import { createTestAuth } from '../testing/test-auth.ts';

const test = serviceTest(() => createTestAuth({ pool: 10 })).extend('root', { scope: 'file' }, ({ service }) =>
  service.user('superuser'),
);

const users = '/api/v1/users';

describe.each(['admin', 'superuser'] as const)('the token of an %s', (role) => {
  test.for(changingRoutesOf(role).map((definition) => [definition.method, definition.path, definition] as const))(
    'changes something at %s %s while the user has its rights',
    async ([_method, _path, definition], { service, root }) => {
      const request = await requestOf(definition, await createPair(service, root, role), true);
      expect((await request()).status).toBeOneOf([200, 201, 202]);
    },
  );

  test.for(Object.entries(losses[role]))(
    'gets a 401 at every changing route and changes nothing when the user %s',
    async ([, lose], { service, root }) => {
      expect(await useLostRights(await createPair(service, root, role), role, lose)).toEqual(allRejected(role));
    },
  );
});

type Abuse = (pair: Pair) => [method: 'put' | 'post' | 'delete', path: string, body?: object];
const abuses: Record<string, Abuse> = {
  'reactivates itself': ({ other }) => ['put', userPath(other), { active: true }],
  'creates another admin': () => ['post', users, { email: newEmail(), password: newPassword(), role: 'admin' }],
  'sets the owner’s password': ({ owner }) => ['put', userPath(owner), { password: newPassword() }],
  'deletes the owner': ({ owner }) => ['delete', `${userPath(owner)}?hard_delete=true`],
};

test.for(Object.entries(abuses))(
  'a removal and a removed admin who at the same moment %s happen one after the other, in either order',
  async ([, abuse], { service, root }) => {
    const orders = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      const pair = await createPair(service, root);
      const { owner, other } = pair;
      const [method, path, body] = abuse(pair);
      const delays = round % 2 === 0 ? [0, round / 8] : [round / 8, 0];
      const [removal, attack] = await Promise.all([
        sleep(delays[0]).then(() => owner.as.put(userPath(other), { active: false })),
        sleep(delays[1]).then(() => other.as[method](path, body)),
      ]);
      const isOwnerRemoved = attack.status === 200 && path.includes(owner.user.id);
      expect(removal.status).toBe(isOwnerRemoved ? 401 : 200);
      expect(attack.status).toBeOneOf([200, 201, 401]);
      const stored = await service.database.owner('users').where({ id: other.user.id }).first('is_active');
      expect(stored.is_active).toBe(isOwnerRemoved);
      await other.as.put(userPath(other), { active: true }).expect(isOwnerRemoved ? 200 : 401);
      orders.add(attack.status === 401 ? 'removal first' : 'abuse first');
    }
    expect([...orders].toSorted()).toEqual(['abuse first', 'removal first']);
  },
);

test('changes, sign-ins, refreshes and removals of one company’s users at once cause no deadlock and no 5xx', async ({
  service,
  root,
}) => {
  const deadlocks = async () => {
    const { rows } = await service.database.owner.raw<{ rows: [{ deadlocks: number }] }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    return rows[0].deadlocks;
  };
  const before = await deadlocks();
  const statuses = new Map<number, number>();
  for (let round = 0; round < 15; round += 1) {
    const pair = await createPair(service, root);
    const { owner, other } = pair;
    const superuser = (await createPair(service, root, 'superuser')).other;
    const elsewhere = await signIn(service, other.user, other.email, other.password);
    const company = `/api/v1/companies/${owner.user.business_id}`;
    const login = (password: string) => service.anonymous().post('/auth/login', { email: other.email, password });
    const name = () => ({ name: `New ${randomUUID()}` });
    const requests = [
      () => owner.as.patch('/auth/me', name()),
      () => owner.as.put(userPath(other), { first_name: 'X' }),
      () => owner.as.put(company, name()),
      () => owner.as.post(users, { email: newEmail(), password: newPassword() }),
      () => other.as.patch('/auth/me', { phone: '+34600123123' }),
      () => other.as.patch('/auth/me', name()),
      () => other.as.put(userPath(owner), { first_name: 'Y' }),
      () => other.as.delete(`/auth/sessions/${elsewhere.sid}`),
      () => other.as.post('/auth/change-password', { current_password: other.password, new_password: newPassword() }),
      () => elsewhere.as.patch('/auth/me', { address: 'Street 1' }),
      () => elsewhere.as.post('/auth/logout'),
      () => superuser.as.put(userPath(other), { last_name: 'Z' }),
      () => superuser.as.put(userPath(owner), { role: 'manager' }),
      () => superuser.as.put(company, { status: round % 2 === 0 ? 'suspended' : 'active' }),
      () => root.put(userPath(superuser), { first_name: 'W' }),
      () => root.delete(userPath(superuser)),
      () => login(other.password),
      () => login('wrong'),
      () => other.as.post('/auth/logout-all'),
      () => owner.as.delete(`${userPath(other)}?hard_delete=true`),
    ];
    const shuffled = requests.map((request) => ({ request, at: Math.random() })).toSorted((a, b) => a.at - b.at);
    const responses = await Promise.all(shuffled.map(({ request, at }) => sleep(at * 30).then(request)));
    for (const { status } of responses) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
  await sleep(1100); // the server reports its statistics once a second
  expect(await deadlocks()).toBe(before);
});
