import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await createTestAuth({ pool: 10 });
});
afterAll(() => auth.close());

type SignedIn = { access_token: string; refresh_token: string; user: { id: string } };
type Person = Awaited<ReturnType<TestAuth['register']>>;

const login = async ({ email, password }: Person, device = 'Test'): Promise<SignedIn & { sid: string }> => {
  const request = auth.anonymous().post('/auth/login', { email, password }).set({ 'User-Agent': device });
  const { body } = await request.set({ 'X-Client-Ip': '192.0.2.44' }).expect(200);
  return { ...body, sid: sidOf(body) };
};
const sidOf = ({ access_token }: SignedIn) => (jwt.decode(access_token) as { sid: string }).sid;
const refresh = (refresh_token: string, path = '/auth/refresh') => auth.anonymous().post(path, { refresh_token });
const rejectedText = async (token: string) => {
  const { text } = await refresh(token).expect(401);
  return text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, '');
};
const rowOf = (id: string) => auth.database.owner('sessions').where({ id }).first();
const ago = (interval: string) => auth.database.owner.raw(`now() - ?::interval`, [interval]);
const revocationsOf = async (user_id: string) =>
  (await auth.events('session.revoked')).filter(({ data }) => data['user_id'] === user_id).map(({ data }) => data);
const auditedActions = (user_id: string, session_id = '') =>
  auth.database.owner('audit_logs').whereIn('resource_id', [user_id, session_id]).orderBy('id').pluck('action');

describe('a refresh token', () => {
  test('returns a new pair of tokens and extends the session by thirty days, under both paths', async () => {
    const person = await auth.register();
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
    expect(await revocationsOf(person.user.id)).toEqual([]);
  });

  test('is stored as a hash only; the stored values do not allow forging one', async () => {
    const { refresh_token, sid } = await login(await auth.register());
    const row = await rowOf(sid);
    expect(row.token_hash).toHaveLength(32);
    const mac = Buffer.from(refresh_token.split('.')[2] ?? '', 'base64url');
    expect(Object.values(row).some((value) => Buffer.isBuffer(value) && value.includes(mac))).toBe(false);
    await refresh(`${sid}.0.${row.token_hash.toString('base64url')}`).expect(401);
    await refresh(`${sid}.0.${row.seed.toString('base64url')}`).expect(401);
    await refresh(refresh_token).expect(200);
  });

  test('used again at once, returns the same successor and a new access token, and stores nothing', async () => {
    const { refresh_token, sid } = await login(await auth.register());
    const { body: first } = await refresh(refresh_token).expect(200);
    const before = await rowOf(sid);
    const { body: second } = await refresh(refresh_token).expect(200);
    expect(second.refresh_token).toBe(first.refresh_token);
    expect(second.access_token).not.toBe(first.access_token);
    expect(await rowOf(sid)).toEqual(before);
    await refresh(second.refresh_token).expect(200);
  });

  test.each([
    ['after its successor was used', 2, '0 seconds'],
    ['ten seconds after its rotation', 1, '10 seconds'],
  ])('reused %s, ends the session for both holders', async (_when, uses, since) => {
    const person = await auth.register();
    const { refresh_token, sid } = await login(person);
    const other = await login(person);
    let current = refresh_token;
    for (let n = 0; n < uses; n += 1) current = (await refresh(current).expect(200)).body.refresh_token;
    await auth.database
      .owner('sessions')
      .where({ id: sid })
      .update({ rotated_at: ago(since) });
    const text = await rejectedText(refresh_token);
    expect((await rowOf(sid)).ended_at).not.toBeNull();
    expect(await rejectedText(current)).toBe(text);
    expect(await revocationsOf(person.user.id)).toEqual([{ user_id: person.user.id, sessions: 1 }]);
    expect(await auditedActions(person.user.id, sid)).toContain('session.token_reused');
    await refresh(other.refresh_token).expect(200);
  });

  test('forged, of another session, of a future generation or malformed, returns the same 401 without effect', async () => {
    const person = await auth.register();
    const { refresh_token, sid } = await login(person);
    const other = await login(person);
    await refresh(refresh_token).expect(200);
    const before = await rowOf(sid);
    const [, , mac = ''] = refresh_token.split('.');
    const [, , otherMac = ''] = other.refresh_token.split('.');
    const responses = new Set<string>();
    for (const token of [
      `${sid}.0.${otherMac}`,
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
      responses.add(await rejectedText(token));
    expect(responses.size).toBe(1);
    expect([...responses][0]).toContain('UNAUTHENTICATED');
    expect(await rowOf(sid)).toEqual(before);
    for (const body of [{}, { refresh_token: '' }, { refresh_token: 7 }, { refresh_token: 'x'.repeat(501) }])
      await auth.anonymous().post('/auth/refresh', body).expect(422);
  });

  test('requires an active user and company and expires; the session survives their deactivation', async () => {
    const person = await auth.register();
    const { sid, ...first } = await login(person);
    let token = first.refresh_token;
    const { owner } = auth.database;
    for (const [disable, enable] of [
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
      await disable();
      await rejectedText(token);
      expect((await rowOf(sid)).ended_at).toBeNull();
      await enable();
      token = (await refresh(token).expect(200)).body.refresh_token;
    }
  });

  test('refreshed 50 times concurrently, returns the same successor and keeps one session', async () => {
    const person = await auth.register();
    const { refresh_token, sid } = await login(person);
    // Retries on 503, as clients do.
    const refreshUntilServed = async (): Promise<Awaited<ReturnType<typeof refresh>>> => {
      const response = await refresh(refresh_token);
      return response.status === 503 ? refreshUntilServed() : response;
    };
    const responses = await Promise.all(Array.from({ length: 50 }, refreshUntilServed));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(responses.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    expect(new Set(responses.map(({ body }) => sidOf(body)))).toEqual(new Set([sid]));
    expect(await auth.database.owner('sessions').where({ user_id: person.user.id })).toMatchObject([
      { id: sid, generation: 1, ended_at: null },
    ]);
    await refresh([...successors][0] as string).expect(200);
  });
});
