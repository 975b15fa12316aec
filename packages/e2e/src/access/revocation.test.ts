import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { client, loginRate, sharedSecret as secret, shared, type Answer, type Client } from '../testing/test-fleet.ts';
import { newWorld, signIn, type Person, type World } from './world.ts';

let world: World;
shared.beforeAll(async ({ street_with_settings: street }) => {
  world = await newWorld(street);
}, 120_000);

const door = '/api/products'; // of a service that knows nothing of sessions: it is the gateway that refuses
const statusOf = async (caller: Client) => (await caller.get(door)).status;
const again = (person: Person) => signIn(world.street.url, person.email, person.password);
const user = ({ user: { id } }: Person) => `/api/v1/users/${id}`;

/** Does what takes access away, and waits until the gateway, which remembers these callers, refuses them: 2 s at most. */
async function ends(callers: readonly Client[], act: () => Promise<Answer>): Promise<void> {
  for (const caller of callers) expect(await statusOf(caller)).toBe(200);
  expect((await act()).status).toBe(200);
  const statuses = () => Promise.all(callers.map(statusOf));
  await expect.poll(statuses, { timeout: 2000, interval: 25 }).toEqual(callers.map(() => 401));
  for (const caller of callers) {
    const refused = await caller.get(door);
    expect(refused.body).toMatchObject({ error_code: 'UNAUTHENTICATED' });
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="clientela", error="invalid_token"');
  }
}

describe('access ends at the gateway within 2 s', () => {
  test('of the session that signs out, and of no other of that user', async () => {
    const here = await world.person('viewer');
    const there = await again(here);
    await ends([here], () => here.post('/auth/logout'));
    expect(await statusOf(there)).toBe(200);
    const third = await again(here);
    await ends([third, there], () => there.post('/auth/logout-all'));
    expect(await statusOf(await again(here))).toBe(200);
  });

  test('of a session that its user ends from another', async () => {
    const here = await world.person('viewer');
    const there = await again(here);
    const { sessions } = (await here.get('/auth/sessions')).body as { sessions: { id: string; current: boolean }[] };
    const other = sessions.find(({ current }) => !current);
    await ends([there], () => here.delete(`/auth/sessions/${other?.id}`));
    expect(await statusOf(here)).toBe(200);
  });

  test('of the other sessions when the password changes', async () => {
    const here = await world.person('manager');
    const there = await again(here);
    const change = { current_password: here.password, new_password: `another ${randomUUID()}` };
    await ends([there], () => here.post('/auth/change-password', change));
    expect(await statusOf(here)).toBe(200);
  });

  test('of whose role changes, and the new role holds with the next sign-in', async () => {
    const person = await world.person('manager');
    await ends([person], () => world.people.admin.put(user(person), { role: 'viewer' }));
    const after = await again(person);
    expect(after.user.role).toBe('viewer');
    expect((await after.post(door, { name: 'Not allowed', price: 1 })).status).toBe(403);
  });

  test.each([
    ['is given another password', (person: Person) => world.people.admin.put(user(person), { password: randomUUID() })],
    ['is made inactive', (person: Person) => world.people.admin.put(user(person), { active: false })],
    ['is deactivated', (person: Person) => world.people.admin.delete(user(person))],
    ['is removed', (person: Person) => world.people.admin.delete(`${user(person)}?hard_delete=true`)],
  ])('of who %s', async (_what, act) => {
    const person = await world.person('viewer');
    await ends([person], () => act(person));
    await expect(again(person)).rejects.toThrow('401');
  });

  test('of everybody in a company that is suspended, and comes back with a new sign-in when it is active', async () => {
    const { superuser, viewer } = world.people;
    const company = (status: string) =>
      superuser.put(`/api/v1/companies/${world.stranger.user.business_id}`, { status });
    await ends([world.stranger], () => company('suspended'));
    await expect(again(world.stranger)).rejects.toThrow('401');
    expect([await statusOf(viewer), (await superuser.get('/auth/me')).status]).toEqual([200, 200]);
    expect((await company('active')).status).toBe(200);
    const back = await again(world.stranger);
    await expect.poll(() => statusOf(back), { timeout: 2000, interval: 25 }).toBe(200);
    expect(await statusOf(world.stranger)).toBe(401); // that session is over
  });
});

describe('while auth is away', () => {
  test('tokens stay good, also one that was never used; what was taken back stays so, also for a gateway that starts anew', async () => {
    const { street, people } = world;
    const gone = await world.person('viewer');
    await ends([gone], () => gone.post('/auth/logout'));
    const unused = await again(people.viewer);
    const { size } = statSync(street.log('gateway')); // it says the same when it starts before auth
    street.kill('auth', 'SIGSTOP');
    try {
      const told = () => readFileSync(street.log('gateway')).includes('revocations: not fetched', size);
      await expect.poll(told, { timeout: 10_000, interval: 50 }).toBe(true);
      expect([await statusOf(people.viewer), await statusOf(gone)]).toEqual([200, 401]);
      expect(await statusOf(unused)).toBe(200);

      street.kill('gateway', 'SIGKILL');
      const status = (caller: Client) => statusOf(caller).catch(() => 0);
      await expect.poll(() => status(people.viewer), { timeout: 10_000, interval: 25 }).toBe(503);
      expect(await status(gone)).toBe(503); // never 401: it does not know
      const ready = await world.open.get('/ready');
      expect([ready.status, ready.body.status]).toEqual([503, 'starting']);
    } finally {
      street.kill('auth', 'SIGCONT');
    }
    await expect.poll(() => statusOf(people.viewer), { timeout: 10_000, interval: 25 }).toBe(200);
    expect(await statusOf(gone)).toBe(401);
  });
});

describe('HS256', () => {
  test('signs with the shared secret, and a token that is not exactly ours opens nothing', async () => {
    const { admin } = world.people;
    const verified = jwt.verify(admin.token ?? '', secret, {
      algorithms: ['HS256'],
      audience: 'clientela',
      complete: true,
    });
    expect(verified.header).toMatchObject({ alg: 'HS256', typ: 'at+jwt' });
    const claims = verified.payload as jwt.JwtPayload;
    const now = Math.floor(Date.now() / 1000);
    const signed = (changes: object, by = secret, alg: 'HS256' | 'HS512' = 'HS256') =>
      client(world.street.url, jwt.sign({ ...claims, ...changes }, by, { header: { alg, typ: 'at+jwt' } }));
    expect(await statusOf(signed({ jti: randomUUID() }))).toBe(200);
    const bad = {
      expired: signed({ iat: now - 3600, exp: now - 60 }),
      'wrong audience': signed({ aud: 'another' }),
      'another secret': signed({}, randomBytes(32).toString('base64url')),
      HS512: signed({}, secret, 'HS512'),
    };
    for (const [what, caller] of Object.entries(bad)) expect([what, await statusOf(caller)]).toEqual([what, 401]);
    const { keys } = (await world.open.get('/.well-known/jwks.json')).body as { keys: { use: string }[] };
    expect(keys.map(({ use }) => use)).toEqual(['receipts']);
  });
});

test('LOGIN_RATE holds for tries of passwords, by whatever door and for whomever, and for nothing else', async () => {
  const { open, people } = world;
  // From then on this address does not get in any more, and the other stories come from another.
  const from = { 'X-Forwarded-For': '198.51.100.7' };
  const tries = ['/auth/login', '/api/auth/login', '/auth/change-password', '/api/auth/register'];
  let refused: Answer | undefined;
  const wrong = { email: 'nobody@example.com', password: 'x' };
  for (let i = 0; i <= loginRate && !refused; i += 1) {
    const answer = await open.post(tries[i % tries.length] ?? '', wrong, from);
    if (answer.status === 429) refused = answer;
    else expect([401, 422]).toContain(answer.status);
  }
  expect(refused?.body).toMatchObject({ status: 429, error_code: 'RATE_LIMITED' });
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(refused?.headers.get('ratelimit')).toMatch(/^"login"; r=0; t=\d+$/);
  const { email, password } = people.admin;
  expect((await open.post('/auth/login', { email, password }, from)).status).toBe(429);
  expect((await people.admin.get(door, from)).status).toBe(200);
});
