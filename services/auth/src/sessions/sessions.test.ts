import { randomUUID } from 'node:crypto';
import type { TestUser } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import { removePastSessions } from './store.ts';

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
const ago = (interval: string) => auth.database.owner.raw(`now() - ?::interval`, [interval]);
const revoked = async (user_id: string) =>
  (await auth.events('session.revoked')).filter(({ data }) => data['user_id'] === user_id).map(({ data }) => data);
const audited = (user_id: string, session_id = '') =>
  auth.database.owner('audit_logs').whereIn('resource_id', [user_id, session_id]).orderBy('id').pluck('action');

describe('sessions', () => {
  const asking = (caller: TestUser, sid: string) => ({
    get: (path: string) => caller.get(path).set({ 'X-Session-Id': sid }),
    post: (path: string, body?: object) => caller.post(path, body).set({ 'X-Session-Id': sid }),
    delete: (path: string) => caller.delete(path).set({ 'X-Session-Id': sid }),
  });

  test('are listed while they live, the one that asks marked; one can be ended, another’s not', async () => {
    const person = await auth.registered();
    const stranger = await login(await auth.registered());
    const phone = await login(person, 'Phone');
    const laptop = await login(person, 'Laptop');
    const over = await login(person, 'Over');
    await auth.database
      .owner('sessions')
      .where({ id: over.sid })
      .update({ refresh_until: ago('1 second') });
    const me = asking(person.caller, phone.sid);

    const { body } = await me.get('/auth/sessions').expect(200);
    const one = (id: string, device: string, current: boolean) => ({
      id,
      device,
      ip: '192.0.2.44',
      created_at: expect.any(String),
      last_used_at: expect.any(String),
      current,
    });
    expect(body).toEqual({ sessions: [one(laptop.sid, 'Laptop', false), one(phone.sid, 'Phone', true)] });

    for (const id of [stranger.sid, over.sid, randomUUID()]) {
      const { body: problem } = await me.delete(`/auth/sessions/${id}`).expect(404);
      expect(problem.error_code).toBe('SESSION_NOT_FOUND');
    }
    await me.delete('/auth/sessions/nothing').expect(400);
    await refresh(stranger.refresh_token).expect(200);

    expect((await me.delete(`/api/auth/sessions/${laptop.sid}`).expect(200)).body).toEqual({
      message: 'Session ended',
    });
    await me.delete(`/auth/sessions/${laptop.sid}`).expect(404);
    await refused(laptop.refresh_token);
    const left = await me.get('/api/auth/sessions').expect(200);
    expect(left.body.sessions).toEqual([one(phone.sid, 'Phone', true)]);
    expect(await revoked(person.user.id)).toEqual([{ user_id: person.user.id, sessions: 1 }]);
    await auth.anonymous().get('/auth/sessions').expect(401);
  });

  test('end with logout, this one; with logout-all, all of them; once', async () => {
    const person = await auth.registered();
    const sessions = [await login(person), await login(person), await login(person)] as const;
    const me = asking(person.caller, sessions[0].sid);
    for (const path of ['/auth/logout', '/api/auth/logout']) await me.post(path).expect(200, { message: 'Signed out' });
    await refused(sessions[0].refresh_token);
    await refresh(sessions[1].refresh_token).expect(200);
    const all = asking(person.caller, sessions[1].sid);
    for (const path of ['/auth/logout-all', '/api/auth/logout-all'])
      await all.post(path).expect(200, { message: 'Signed out everywhere' });
    for (const { refresh_token } of sessions) await refused(refresh_token);
    expect(await revoked(person.user.id)).toEqual([
      { user_id: person.user.id, sessions: 1 },
      { user_id: person.user.id, sessions: 2 },
    ]);
    expect(
      (await audited(person.user.id, sessions[0].sid)).filter((action) => action === 'session.revoked'),
    ).toHaveLength(2);
    for (const path of ['/auth/logout', '/auth/logout-all']) await auth.anonymous().post(path).expect(401);
  });
});

test('sessions are kept for a month after they were over', async () => {
  const person = await auth.registered();
  const [live, ended, expired, lately] = [
    await login(person),
    await login(person),
    await login(person),
    await login(person),
  ];
  const set = (id: string, values: object) => auth.database.owner('sessions').where({ id }).update(values);
  await set(ended.sid, { ended_at: ago('31 days') });
  await set(expired.sid, { refresh_until: ago('31 days') });
  await set(lately.sid, { ended_at: ago('29 days') });
  await removePastSessions(auth.database.db);
  const left = await auth.database.owner('sessions').where({ user_id: person.user.id }).pluck('id');
  expect(left.toSorted()).toEqual([live.sid, lately.sid].toSorted());
});
