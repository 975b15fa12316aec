import { randomBytes } from 'node:crypto';
import { tokenOf } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newEmail, password, startMailFleet, tokenRoutes, type MailFleet } from '../testing/mail-fleet.ts';
import { client, startTestFleet, wideLimits, type TestResponse } from '../testing/test-fleet.ts';

let mails: MailFleet;

beforeAll(async () => {
  mails = await startMailFleet();
});
afterAll(() => mails.end());

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

type Send = () => Promise<TestResponse>;
/** Prepares a request of each kind; the last kind is the one that the others are compared with. */
type Kinds = Readonly<Record<string, () => Promise<Send>>>;

const rounds = 300;
/** Other work of the machine moves medians by a millisecond now and then; what the code does differently shows every time. */
const maxSeries = 3;

/** Sends requests of all kinds by turns. @returns the median time of each kind, and the different responses */
async function measureKinds(kinds: Kinds): Promise<{ medians: number[]; responses: Set<string> }> {
  const all = Object.values(kinds);
  const times = all.map((): number[] => []);
  const responses = new Set<string>();
  for (let round = -10; round < rounds; round += 1) {
    // In another order each time, so that no kind always follows the work that another one leaves behind.
    for (let turn = 0; turn < all.length; turn += 1) {
      const index = (turn * (round % 2 ? 1 : all.length - 1) + Math.abs(round)) % all.length;
      const send = (await all[index]?.()) as Send;
      const started = performance.now();
      const { status, body } = await send();
      if (round >= 0) times[index]?.push(performance.now() - started);
      const { request_id: _id, timestamp: _time, ...content } = body;
      responses.add(JSON.stringify([status, content]));
    }
  }
  expect(times.map(({ length }) => length)).toEqual(all.map(() => rounds));
  return { medians: times.map(median), responses };
}

/** Compares kinds of addresses: the same response, and the same median of 300 tries within 5 % or 1 ms. */
async function compareKinds(name: string, kinds: Kinds): Promise<void> {
  const names = Object.keys(kinds);
  let different: string[] = [];
  for (let series = 0; series < maxSeries; series += 1) {
    const { medians, responses } = await measureKinds(kinds);
    expect([...responses]).toHaveLength(1);
    const shown = names.map((kind, index) => `${kind} ${medians[index]?.toFixed(2)} ms`);
    process.stdout.write(`${name}: ${shown.join(', ')}\n`);
    const reference = medians.at(-1) ?? 0;
    const limit = Math.max(1, 0.05 * reference);
    different = shown.filter((_kind, index) => Math.abs((medians[index] ?? 0) - reference) >= limit);
    if (different.length === 0) return;
  }
  expect(different).toEqual([]);
}

describe('addresses are told apart neither by the response nor by its time', () => {
  test('when a password is forgotten', async () => {
    const { anonymous, register } = mails;
    const known = await register();
    const forgot = (email: string) => () => anonymous().post('/auth/forgot-password', { email });
    await compareKinds('forgot-password', {
      known: async () => forgot(known),
      unknown: async () => forgot(newEmail()),
    });
  }, 240_000);

  test('when an address is changed', async () => {
    const { db, register, signIn } = mails;
    const [known, caller] = [await register(), await signIn(await register())];
    const change = async (email: string) => {
      await db('mail_tokens').where({ purpose: 'change_email' }).delete(); // whose owner may cause five mails an hour
      return () => caller.post('/auth/change-email', { email, current_password: password });
    };
    await compareKinds('change-email', { known: () => change(known), unknown: () => change(newEmail()) });
  }, 240_000);

  test('when a sign-in fails, whose ever the address is, and be the password right', async () => {
    const { db, anonymous, register } = mails;
    const names = ['known', 'locked', 'inactive', 'suspended', 'without a password'] as const;
    const emails = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await register()])));
    const user = (name: (typeof names)[number]) => db('users').where({ email: emails[name] });
    await user('inactive').update({ is_active: false });
    await user('without a password').update({ password_hash: null });
    await db('companies').whereIn('id', user('suspended').select('company_id')).update({ status: 'suspended' });
    const login = (email: string, secret: string) => () => anonymous().post('/auth/login', { email, password: secret });
    const unlock = async (name: (typeof names)[number]) => {
      for (const table of ['sign_in_failures_by_network', 'sign_in_failures'])
        await db(table).whereIn('user_id', user(name).select('id')).delete();
    };
    const wrong = (name: (typeof names)[number]) => async () => {
      await unlock(name);
      return login(emails[name], 'wrong');
    };
    await compareKinds('login', {
      known: wrong('known'),
      'without a password': wrong('without a password'),
      inactive: wrong('inactive'),
      locked: async () => login(emails['locked'], 'wrong'),
      'inactive, right password': async () => login(emails['inactive'], password),
      'suspended company, right password': async () => login(emails['suspended'], password),
      unknown: async () => login(newEmail(), 'wrong'),
    });
  }, 240_000);
});

test('1,000 wrong tokens that are judged: none is accepted, however near, and the right ones stay good', async () => {
  const { anonymous, register, signIn, spend, lastMailTo, arrives } = mails;
  const [forgetful, owner, moved, invited] = [await register(), await register(), newEmail(), newEmail()];
  const person = await signIn(owner);
  await person.post('/auth/verify-email/request');
  await arrives(owner, 1);
  const verification = tokenOf(lastMailTo(owner));
  await anonymous().post('/auth/forgot-password', { email: forgetful });
  await person.post('/auth/change-email', { email: moved, current_password: password });
  await person.post('/api/v1/invitations', { email: invited, role: 'viewer' });
  for (const email of [forgetful, moved, invited]) await arrives(email, 1);
  const right: Record<string, string> = {
    'verify-email': verification,
    'reset-password': tokenOf(lastMailTo(forgetful)),
    'change-email/confirm': tokenOf(lastMailTo(moved)),
    'invitations/accept': tokenOf(lastMailTo(invited)),
  };

  const all = Object.values(right);
  /** Wrong in one way or another: of another purpose, with one character changed, cut, extended, or in another case. */
  const near = (token: string, index: number): string => {
    const at = index % token.length;
    const other = token[at] === 'A' ? 'B' : 'A';
    return [
      token.slice(0, at) + other + token.slice(at + 1),
      token.slice(0, -1),
      `${token}A`,
      ` ${token}`,
      token.toLowerCase(),
      [...token].toReversed().join(''),
      randomBytes(32).toString('base64url'),
    ][(index + Math.floor(index / 7)) % 7] as string;
  };
  const routes = Object.keys(tokenRoutes);
  let judged = 0;
  for (let guess = 0; guess < 1000; guess += 1) {
    const route = routes[guess % routes.length] as string;
    const token = all[(guess >> 3) % all.length] as string;
    const isOther = guess % 5 === 0 && right[route] !== token && !route.startsWith('invitations');
    const { status, body } = await spend(route, isOther ? token : near(token, guess));
    const rejection = route === 'login/mfa' ? [401, 'MFA_TOKEN_INVALID'] : [422, 'TOKEN_INVALID'];
    expect([route, guess, status, body.error_code]).toEqual([route, guess, ...rejection]);
    judged += 1;
  }
  expect(judged).toBe(1000);
  for (const [route, token] of Object.entries(right))
    expect([route, (await spend(route, token)).status]).toEqual([route, 200]);
}, 120_000);

test('1,000 wrong tokens: none is accepted, and from the eleventh within a minute each is a 429', async () => {
  const limited = await startTestFleet({ RATE_LIMITS: 'on', ...wideLimits });
  try {
    const routes = Object.entries(tokenRoutes);
    const judged: number[] = [];
    for (let guess = 0; guess < 1000; guess += 1) {
      const [path, body] = routes[guess % routes.length] as (typeof routes)[number];
      const rejected = path === 'login/mfa' ? 401 : 422;
      const at = performance.now();
      const token = randomBytes(32).toString('base64url');
      const { status } = await client(limited.url).post(`/auth/${path}`, body(token));
      expect([path, status]).toEqual([path, status === 429 ? 429 : rejected]);
      if (status !== 429) judged.push(at);
      if (guess === 10) expect(judged).toHaveLength(10);
    }
    // Of those that were judged at all, the tenth before each is a minute back.
    for (const [index, at] of judged.slice(10).entries()) expect(at - (judged[index] ?? at)).toBeGreaterThan(59_000);
  } finally {
    await limited.end();
  }
}, 180_000);
