import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Passwords } from '../accounts/passwords.ts';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import { forgetOldFailures, judgeInTurn, noteFailure } from './store.ts';

let auth: AuthUnderTest;
let hashed = 0;

beforeAll(async () => {
  // Hundreds of tries: what hashing costs is not what is told here.
  const quick = async (plain: string) => createHash('sha256').update(plain).digest('hex');
  const passwords: Passwords = {
    hash: quick,
    verify: async (plain, find) => {
      hashed += 1;
      return { right: (await find()) === (await quick(plain)) };
    },
  };
  auth = await authUnderTest({ pool: 10, passwords });
});
afterAll(() => auth.close());

type Person = Awaited<ReturnType<AuthUnderTest['registered']>>;

const here = '198.51.100.1';
const there = '203.0.113.9';
/** Twenty at once wait for each other; on a busy machine one may be asked to come again, and does. */
const login = async (email: string, password: string, ip = here) => {
  for (;;) {
    const { status } = await auth.anonymous().post('/auth/login', { email, password }).set({ 'X-Client-Ip': ip });
    if (status !== 503) return status;
  }
};
const right = (person: Person, ip?: string) => login(person.email, person.password, ip);
const wrong = (person: Person, ip?: string) => login(person.email, `${person.password}!`, ip);
const times = async (n: number, work: (n: number) => Promise<unknown>) => {
  for (let at = 0; at < n; at += 1) await work(at);
};
/** As if so much time had passed for one person's failures. */
const later = async ({ user }: Person, interval: string) => {
  const shift = auth.database.owner.raw('locked_until - ?::interval', [interval]);
  const failed = auth.database.owner.raw(
    'array(select at - ?::interval from unnest(failed_at) with ordinality f(at, n) order by n)',
    [interval],
  );
  for (const table of ['sign_in_failures', 'sign_in_failures_by_network'])
    await auth.database.owner(table).where({ user_id: user.id }).update({ locked_until: shift, failed_at: failed });
};

describe('five wrong passwords', () => {
  test('lock the account for where they came from, for 15 minutes, with the same answer after the same work', async () => {
    const person = await auth.registered();
    await times(4, () => wrong(person));
    expect(await right(person)).toBe(200); // and the four are forgotten
    await times(5, () => wrong(person));
    hashed = 0;
    const locked = await auth
      .anonymous()
      .post('/auth/login', { email: person.email, password: person.password })
      .set({ 'X-Client-Ip': here });
    const unknown = await auth
      .anonymous()
      .post('/auth/login', { email: `${randomUUID()}@example.com`, password: 'correct horse' });
    expect(hashed).toBe(2);
    const same = ({ text, status }: { text: string; status: number }) =>
      `${status} ${text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, '')}`;
    expect(same(locked)).toBe(same(unknown));
    expect(locked.status).toBe(401);
    expect(await right(person, there)).toBe(200);

    await later(person, '14 minutes');
    await times(3, () => wrong(person)); // prolongs nothing
    expect(await right(person)).toBe(401);
    await later(person, '2 minutes');
    expect(await right(person)).toBe(200);
  });

  test('count within 15 minutes, and by network: an IPv4 address, or the /56 of an IPv6 one', async () => {
    const person = await auth.registered();
    await times(4, () => wrong(person));
    await later(person, '15 minutes');
    await wrong(person);
    expect(await right(person)).toBe(200);
    await times(5, (n) => wrong(person, `2001:db8:0:ab0${n}::${n + 1}`));
    expect(await right(person, '2001:db8:0:abff::77')).toBe(401);
    expect(await right(person, '2001:db8:0:ac00::77')).toBe(200);
  });

  test('are five, though twenty come at once; the right one among them is no more let in than after them', async () => {
    const person = await auth.registered();
    await Promise.all(Array.from({ length: 20 }, () => wrong(person)));
    const kept = await auth.database
      .owner('audit_logs')
      .where({ resource_id: person.user.id, action: 'sign_in.refused' });
    expect(kept).toHaveLength(20);
    expect(await right(person)).toBe(401);
    await later(person, '15 minutes');
    expect(await right(person)).toBe(200);
  });
});

test('a right password that is judged while the fifth wrong one is being counted waits for it', async () => {
  const person = await auth.registered();
  await times(4, () => wrong(person));
  const { db, owner } = auth.database;
  let fifth: Promise<number> | undefined;
  await db.transaction(async (tx) => {
    await judgeInTurn(tx, person.user.id);
    await noteFailure(tx, person.user.id, here);
    fifth = right(person);
    const waiting = () => owner('pg_locks').where({ locktype: 'advisory', granted: false });
    await expect.poll(waiting, { interval: 10 }).toHaveLength(1);
  });
  expect(await fifth).toBe(401);
});

describe('fifty wrong passwords from anywhere', () => {
  test('lock the account for addresses it has not signed in from; its own people are let in', async () => {
    const person = await auth.registered();
    expect(await right(person, there)).toBe(200);
    await times(49, (n) => wrong(person, `198.51.100.${n + 10}`));
    const stranger = '198.51.100.200';
    await later(person, '1 hour'); // 49, and too long ago
    await wrong(person, stranger);
    expect(await right(person, '198.51.100.201')).toBe(200);
    await later(person, '-1 hour');
    await times(49, (n) => wrong(person, `198.51.100.${n + 10}`));
    expect(await right(person, stranger)).toBe(401);
    expect(await right(person, there)).toBe(200);
    await auth.database
      .owner('sign_in_networks')
      .where({ user_id: person.user.id, network: there })
      .update({ latest_at: auth.database.owner.raw(`now() - interval '31 days'`) });
    expect(await right(person, there)).toBe(401);
    await later(person, '15 minutes');
    expect(await right(person, stranger)).toBe(200);
  });
});

test('nothing is kept of names that nobody has, and nothing for longer than it counts', async () => {
  const count = async () =>
    Promise.all(
      ['sign_in_failures', 'sign_in_failures_by_network', 'sign_in_networks'].map(
        async (table) => (await auth.database.owner(table)).length,
      ),
    );
  await forgetOldFailures(auth.database.db);
  const before = await count();
  await times(6, () => login('nobody@example.com', 'correct horse'));
  expect(await count()).toEqual(before);
  const person = await auth.registered();
  await wrong(person);
  await right(person, there);
  await forgetOldFailures(auth.database.db);
  expect(await count()).toEqual(before.map((n) => n + 1));
  for (const table of ['sign_in_failures', 'sign_in_failures_by_network', 'sign_in_networks'])
    await auth.database.owner(table).update({ latest_at: auth.database.owner.raw(`now() - interval '31 days'`) });
  await forgetOldFailures(auth.database.db);
  expect(await count()).toEqual([0, 0, 0]);
});
