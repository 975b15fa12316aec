import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest({ pool: 10 });
});
afterAll(() => auth.close());

type SignedIn = { access_token: string; refresh_token: string; user: { id: string } };
type Person = Awaited<ReturnType<AuthUnderTest['registered']>>;

const login = async ({ email, password }: Person, device = 'Test'): Promise<SignedIn & { sid: string }> => {
  const sent = auth.anonymous().post('/auth/login', { email, password }).set({ 'User-Agent': device });
  const { body } = await sent.set({ 'X-Client-Ip': '192.0.2.44' }).expect(200);
  return { ...body, sid: sidOf(body) };
};
const sidOf = ({ access_token }: SignedIn) => (jwt.decode(access_token) as { sid: string }).sid;
const refresh = (refresh_token: string, path = '/auth/refresh') => auth.anonymous().post(path, { refresh_token });
const refused = async (token: string) => {
  const { text } = await refresh(token).expect(401);
  return text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, '');
};
const rowOf = (id: string) => auth.database.owner('sessions').where({ id }).first();
const ago = (interval: string) => auth.database.owner.raw(`now() - ?::interval`, [interval]);
const revoked = async (user_id: string) =>
  (await auth.events('session.revoked')).filter(({ data }) => data['user_id'] === user_id).map(({ data }) => data);
const audited = (user_id: string, session_id = '') =>
  auth.database.owner('audit_logs').whereIn('resource_id', [user_id, session_id]).orderBy('id').pluck('action');

describe('a refresh token', () => {
  test('is renewed with its session: a new pair, for another thirty days, under both paths', async () => {
    const person = await auth.registered();
    const first = await login(person);
    await auth.database
      .owner('sessions')
      .where({ id: first.sid })
      .update({ refresh_until: ago('-1 day') });
    const { body } = await refresh(first.refresh_token).expect(200);
    expect(body).toEqual({
      message: 'Tokens renewed',
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      user: { ...person.user, last_login: expect.any(String) },
    });
    expect(body.refresh_token).not.toBe(first.refresh_token);
    expect(body.access_token).not.toBe(first.access_token);
    expect(jwt.decode(body.access_token)).toMatchObject({ sub: person.user.id, sid: first.sid, role: 'admin' });
    const { refresh_until, generation } = await rowOf(first.sid);
    expect(generation).toBe(1);
    expect(Date.parse(refresh_until) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    const again = await refresh(body.refresh_token, '/api/auth/refresh').expect(200);
    expect(sidOf(again.body)).toBe(first.sid);
    expect(await revoked(person.user.id)).toEqual([]);
  });

  test('lies in the database as a hash alone, and none can be made from what lies there', async () => {
    const { refresh_token, sid } = await login(await auth.registered());
    const row = await rowOf(sid);
    expect(row.token_hash).toHaveLength(32);
    const mac = Buffer.from(refresh_token.split('.')[2] ?? '', 'base64url');
    expect(Object.values(row).some((value) => Buffer.isBuffer(value) && value.includes(mac))).toBe(false);
    await refresh(`${sid}.0.${row.token_hash.toString('base64url')}`).expect(401);
    await refresh(`${sid}.0.${row.seed.toString('base64url')}`).expect(401);
    await refresh(refresh_token).expect(200);
  });

  test('just spent, gets the same successor again, and nothing is stored anew; its access tokens are new', async () => {
    const { refresh_token, sid } = await login(await auth.registered());
    const { body: first } = await refresh(refresh_token).expect(200);
    const before = await rowOf(sid);
    const { body: second } = await refresh(refresh_token).expect(200);
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(await rowOf(sid)).toEqual(before);
    await refresh(second.refresh_token).expect(200);
  });

  test.each([
    ['once its successor was used', 2, '0 seconds'],
    ['ten seconds later', 1, '10 seconds'],
  ])('spent, %s, ends the session: both who hold a part of it are out', async (_when, uses, since) => {
    const person = await auth.registered();
    const { refresh_token, sid } = await login(person);
    const other = await login(person);
    let present = refresh_token;
    for (let n = 0; n < uses; n += 1) present = (await refresh(present).expect(200)).body.refresh_token;
    await auth.database
      .owner('sessions')
      .where({ id: sid })
      .update({ rotated_at: ago(since) });
    const said = await refused(refresh_token);
    expect((await rowOf(sid)).ended_at).not.toBeNull();
    expect(await refused(present)).toBe(said);
    expect(await revoked(person.user.id)).toEqual([{ user_id: person.user.id, sessions: 1 }]);
    expect(await audited(person.user.id, sid)).toContain('session.token_reused');
    await refresh(other.refresh_token).expect(200);
  });

  test('forged, of another session, of the future, or none at all: one 401 that changes nothing', async () => {
    const person = await auth.registered();
    const { refresh_token, sid } = await login(person);
    const other = await login(person);
    await refresh(refresh_token).expect(200);
    const before = await rowOf(sid);
    const [, , mac = ''] = refresh_token.split('.');
    const [, , others = ''] = other.refresh_token.split('.');
    const said = new Set<string>();
    for (const token of [
      `${sid}.0.${others}`,
      `${sid}.1.${mac}`,
      `${sid}.7.${mac}`,
      `${other.sid}.0.${mac}`,
      `${randomUUID()}.0.${mac}`,
      `${sid}.0.${mac.slice(0, -1)}`,
      `${sid}.00.${mac}`,
      `${sid}.-1.${mac}`,
      `${sid}.99999999999999999999.${mac}`,
      `${refresh_token} `,
      'nothing',
      '\u0000',
      '\ud800',
    ])
      said.add(await refused(token));
    expect(said.size).toBe(1);
    expect([...said][0]).toContain('UNAUTHENTICATED');
    expect(await rowOf(sid)).toEqual(before);
    for (const body of [{}, { refresh_token: '' }, { refresh_token: 7 }, { refresh_token: 'x'.repeat(501) }])
      await auth.anonymous().post('/auth/refresh', body).expect(422);
  });

  test('is good for an active user of an active company, until it expires; the session stays for when they are back', async () => {
    const person = await auth.registered();
    const { sid, ...first } = await login(person);
    let token = first.refresh_token;
    const { owner } = auth.database;
    for (const [stop, go] of [
      [
        () => owner('users').where({ id: person.user.id }).update({ is_active: false }),
        () => owner('users').where({ id: person.user.id }).update({ is_active: true }),
      ],
      [
        () => owner('companies').where({ id: person.user.business_id }).update({ status: 'suspended' }),
        () => owner('companies').where({ id: person.user.business_id }).update({ status: 'active' }),
      ],
      [
        () =>
          owner('sessions')
            .where({ id: sid })
            .update({ refresh_until: ago('1 second') }),
        () =>
          owner('sessions')
            .where({ id: sid })
            .update({ refresh_until: ago('-1 day') }),
      ],
    ] as const) {
      await stop();
      await refused(token);
      expect((await rowOf(sid)).ended_at).toBeNull();
      await go();
      token = (await refresh(token).expect(200)).body.refresh_token;
    }
  });

  test('refreshed 50 times at once: everybody gets the same successor, and one session lives', async () => {
    const person = await auth.registered();
    const { refresh_token, sid } = await login(person);
    // As a client does: who is told that it is too busy asks again.
    const insisting = async (): Promise<Awaited<ReturnType<typeof refresh>>> => {
      const answer = await refresh(refresh_token);
      return answer.status === 503 ? insisting() : answer;
    };
    const answers = await Promise.all(Array.from({ length: 50 }, insisting));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    expect(new Set(answers.map(({ body }) => sidOf(body)))).toEqual(new Set([sid]));
    expect(await auth.database.owner('sessions').where({ user_id: person.user.id })).toMatchObject([
      { id: sid, generation: 1, ended_at: null },
    ]);
    await refresh([...successors][0] as string).expect(200);
  });
});
