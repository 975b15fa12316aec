import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect } from 'vitest';
import type { Client } from '../testing/test-fleet.ts';
import type { AccessSetup, SignedInUser } from './access-setup.ts';
import { accessTest as test, expectRevoked, route, signInAgain, statusOf, userPath } from './revocation.ts';

// Concurrent, because each test waits for the next poll of the revocation list. The others: revocation.test.ts.
describe.concurrent('access ends at the gateway within 2 s', () => {
  test('for a session that its user ends from another one', async ({ setup, expect }) => {
    const first = await setup.createUser('viewer');
    const second = await signInAgain(setup, first);
    const { sessions } = (await first.get('/auth/sessions')).body as { sessions: { id: string; current: boolean }[] };
    const other = sessions.find(({ current }) => !current);
    await expectRevoked(expect, [second], () => first.delete(`/auth/sessions/${other?.id}`));
    expect(await statusOf(first)).toBe(200);
  });

  test('for the other sessions when the password changes', async ({ setup, expect }) => {
    const first = await setup.createUser('manager');
    const second = await signInAgain(setup, first);
    const change = { current_password: first.password, new_password: `another ${randomUUID()}` };
    await expectRevoked(expect, [second], () => first.post('/auth/change-password', change));
    expect(await statusOf(first)).toBe(200);
  });

  test('for a user whose role changes; the next sign-in has the new role', async ({ setup, expect }) => {
    const manager = await setup.createUser('manager');
    await expectRevoked(expect, [manager], () => setup.users.admin.put(userPath(manager), { role: 'viewer' }));
    const viewer = await signInAgain(setup, manager);
    expect(viewer.user.role).toBe('viewer');
    expect((await viewer.post(route, { name: 'Not allowed', price: 1 })).status).toBe(403);
  });

  test.for([
    ['gets a new password', ({ users }, user) => users.admin.put(userPath(user), { password: randomUUID() })],
    ['is made inactive', ({ users }, user) => users.admin.put(userPath(user), { active: false })],
    ['is deleted', ({ users }, user) => users.admin.delete(`${userPath(user)}?hard_delete=true`)],
  ] satisfies [string, (setup: AccessSetup, user: SignedInUser) => ReturnType<Client['put']>][])(
    'for a user who %s',
    async ([, revoke], { setup, expect }) => {
      const user = await setup.createUser('viewer');
      await expectRevoked(expect, [user], () => revoke(setup, user));
      await expect(signInAgain(setup, user)).rejects.toThrow('401');
    },
  );

  test('and in auth at once: a removed admin cannot come back, create an admin, take over another’s account or erase it', async ({
    setup,
    expect,
  }) => {
    const [removed, victim] = [await setup.createUser('admin'), await setup.createUser('admin')];
    expect((await setup.users.admin.delete(userPath(removed))).status).toBe(200);
    const statuses = new Set<number>();
    for (const end = Date.now() + 1500; Date.now() < end;) {
      const responses = await Promise.all([
        removed.put(userPath(removed), { active: true }),
        removed.post('/api/v1/users', { email: `${randomUUID()}@example.com`, password: randomUUID(), role: 'admin' }),
        removed.put(userPath(victim), { password: randomUUID() }),
        removed.post('/api/gdpr/delete', { user_id: victim.user.id, business_id: setup.company_id }),
      ]);
      for (const { status } of responses) statuses.add(status);
    }
    expect([...statuses]).toEqual([401]);
    expect((await setup.users.admin.get(userPath(removed))).body.is_active).toBe(false);
    await signInAgain(setup, victim);
  });
});

describe('while auth is unavailable', () => {
  test('tokens stay valid, used or not; revoked ones stay rejected, and a restarted gateway accepts none', async ({
    setup,
  }) => {
    const { fleet, users } = setup;
    const revoked = await setup.createUser('viewer');
    await expectRevoked(expect, [revoked], () => revoked.post('/auth/logout'));
    const unused = await signInAgain(setup, users.viewer);
    const { size } = statSync(fleet.logPath('gateway')); // the same line is logged when the gateway starts before auth
    fleet.kill('auth', 'SIGSTOP');
    const began = performance.now();
    const { email, password } = users.viewer;
    const signingIn = setup.anonymous
      .post('/auth/login', { email, password }, { 'X-Forwarded-For': '198.51.100.9' })
      .then(({ status }) => ({ status, ms: performance.now() - began }));
    try {
      const isLogged = () => readFileSync(fleet.logPath('gateway')).includes('revocations: not fetched', size);
      await expect.poll(isLogged, { timeout: 45_000, interval: 50 }).toBe(true);
      expect([await statusOf(users.viewer), await statusOf(revoked)]).toEqual([200, 401]);
      expect(await statusOf(unused)).toBe(200);
      const signIn = await signingIn;
      expect(signIn.status).toBe(504);
      expect(signIn.ms).toBeLessThan(14_000); // the silence of 5 s ends it, not the deadline of 15 s

      fleet.kill('gateway', 'SIGKILL');
      const statusOrZero = (caller: Client) => statusOf(caller).catch(() => 0);
      await expect.poll(() => statusOrZero(users.viewer), { timeout: 45_000, interval: 100 }).toBe(503);
      expect(await statusOrZero(revoked)).toBe(503); // not 401, because the gateway cannot know
      const ready = await setup.anonymous.get('/ready');
      expect([ready.status, ready.body.status]).toEqual([503, 'starting']);
    } finally {
      fleet.kill('auth', 'SIGCONT');
    }
    await expect.poll(() => statusOf(users.viewer), { timeout: 45_000, interval: 100 }).toBe(200);
    expect(await statusOf(revoked)).toBe(401);
  });
});
