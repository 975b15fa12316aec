import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { describe, expect } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import { deletePastSessions } from './store.ts';

const test = serviceTest(() => createTestAuth({ pool: 10 }));

type SignedIn = { access_token: string; refresh_token: string; user: { id: string } };
type Person = Awaited<ReturnType<TestAuth['register']>>;

const login = async (
  service: TestAuth,
  { email, password }: Person,
  device = 'Test',
): Promise<SignedIn & { sid: string }> => {
  const request = service.anonymous().post('/auth/login', { email, password }).set({ 'User-Agent': device });
  const { body } = await request.set({ 'X-Client-Ip': '192.0.2.44' }).expect(200);
  return { ...body, sid: sidOf(body) };
};
const sidOf = ({ access_token }: SignedIn) => (jwt.decode(access_token) as { sid: string }).sid;
const refresh = (service: TestAuth, refresh_token: string, path = '/auth/refresh') =>
  service.anonymous().post(path, { refresh_token });
const expectRejected = async (service: TestAuth, token: string) => {
  const { text } = await refresh(service, token).expect(401);
  return text.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[^"]+"/, '');
};
const ago = (service: TestAuth, interval: string) => service.database.owner.raw(`now() - ?::interval`, [interval]);
const revocationsOf = async (service: TestAuth, user_id: string) =>
  (await service.events('session.revoked')).filter(({ data }) => data['user_id'] === user_id).map(({ data }) => data);
const auditedActions = (service: TestAuth, user_id: string, session_id = '') =>
  service.database.owner('audit_logs').whereIn('resource_id', [user_id, session_id]).orderBy('id').pluck('action');

describe('sessions', () => {
  const withSession = (client: TestUser, sid: string) => ({
    get: (path: string) => client.get(path).set({ 'X-Session-Id': sid }),
    post: (path: string, body?: object) => client.post(path, body).set({ 'X-Session-Id': sid }),
    delete: (path: string) => client.delete(path).set({ 'X-Session-Id': sid }),
  });

  test('are listed while live, the current one marked; users can end their own sessions only', async ({ service }) => {
    const person = await service.register();
    const stranger = await login(service, await service.register());
    const phone = await login(service, person, 'Phone');
    const laptop = await login(service, person, 'Laptop');
    const expired = await login(service, person, 'Over');
    await service.database
      .owner('sessions')
      .where({ id: expired.sid })
      .update({ refresh_until: ago(service, '1 second') });
    const me = withSession(person.client, phone.sid);

    const { body } = await me.get('/auth/sessions').expect(200);
    const sessionItem = (id: string, device: string, current: boolean) => ({
      id,
      device,
      ip: '192.0.2.44',
      created_at: expect.any(String),
      last_used_at: expect.any(String),
      current,
    });
    expect(body).toEqual({
      sessions: [sessionItem(laptop.sid, 'Laptop', false), sessionItem(phone.sid, 'Phone', true)],
    });

    for (const id of [stranger.sid, expired.sid, randomUUID()]) {
      const { body: problem } = await me.delete(`/auth/sessions/${id}`).expect(404);
      expect(problem.error_code).toBe('SESSION_NOT_FOUND');
    }
    await me.delete('/auth/sessions/nothing').expect(400);
    await refresh(service, stranger.refresh_token).expect(200);

    expect((await me.delete(`/api/auth/sessions/${laptop.sid}`).expect(200)).body).toEqual({
      message: 'Session ended',
    });
    await me.delete(`/auth/sessions/${laptop.sid}`).expect(404);
    await expectRejected(service, laptop.refresh_token);
    const remaining = await me.get('/api/auth/sessions').expect(200);
    expect(remaining.body.sessions).toEqual([sessionItem(phone.sid, 'Phone', true)]);
    expect(await revocationsOf(service, person.user.id)).toEqual([{ user_id: person.user.id, sessions: 1 }]);
    await service.anonymous().get('/auth/sessions').expect(401);
  });

  test('logout ends the current session, logout-all ends all, each with one event', async ({ service }) => {
    const person = await service.register();
    const sessions = [
      await login(service, person),
      await login(service, person),
      await login(service, person),
    ] as const;
    const me = withSession(person.client, sessions[0].sid);
    await me.post('/auth/logout').expect(200, { message: 'Signed out' });
    await me.post('/api/auth/logout').expect(401); // the session has ended
    await expectRejected(service, sessions[0].refresh_token);
    await refresh(service, sessions[1].refresh_token).expect(200);
    const second = withSession(person.client, sessions[1].sid);
    await second.post('/api/auth/logout-all').expect(200, { message: 'Signed out everywhere' });
    await second.post('/auth/logout-all').expect(401);
    for (const { refresh_token } of sessions) await expectRejected(service, refresh_token);
    expect(await revocationsOf(service, person.user.id)).toEqual([
      { user_id: person.user.id, sessions: 1 },
      { user_id: person.user.id, sessions: 2 },
    ]);
    expect(
      (await auditedActions(service, person.user.id, sessions[0].sid)).filter((action) => action === 'session.revoked'),
    ).toHaveLength(2);
    for (const path of ['/auth/logout', '/auth/logout-all']) await service.anonymous().post(path).expect(401);
  });
});

test('sessions are deleted a month after their end', async ({ service }) => {
  const person = await service.register();
  const [live, ended, expired, recent] = [
    await login(service, person),
    await login(service, person),
    await login(service, person),
    await login(service, person),
  ];
  const set = (id: string, values: object) => service.database.owner('sessions').where({ id }).update(values);
  await set(ended.sid, { ended_at: ago(service, '31 days') });
  await set(expired.sid, { refresh_until: ago(service, '31 days') });
  await set(recent.sid, { ended_at: ago(service, '29 days') });
  await deletePastSessions(service.database.db);
  const remaining = await service.database.owner('sessions').where({ user_id: person.user.id }).pluck('id');
  expect(remaining.toSorted()).toEqual([live.sid, recent.sid].toSorted());
});
