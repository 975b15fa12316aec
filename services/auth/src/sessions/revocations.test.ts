import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnv, serviceTest } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { describe, expect } from 'vitest';
import { announceRevocations, onRevocationsCommitted } from './announcements.ts';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

const test = serviceTest(() => createTestAuth({ pool: 10 }));

type Person = Awaited<ReturnType<TestAuth['register']>>;

const login = async (service: TestAuth, { email, password }: Person): Promise<{ sid: string }> => {
  const { body } = await service.anonymous().post('/auth/login', { email, password }).expect(200);
  return jwt.decode(body.access_token) as { sid: string };
};
const rowOf = (service: TestAuth, id: string) => service.database.owner('sessions').where({ id }).first();
const ago = (service: TestAuth, interval: string) => service.database.owner.raw(`now() - ?::interval`, [interval]);

describe('revocations', () => {
  const poll = async (service: TestAuth, query = '') =>
    (await service.callingService('gateway').get(`/internal/revocations${query}`).expect(200)).body as {
      as_of: string;
      sessions: { sid: string; until: string }[];
      companies: { id: string; active: boolean }[];
    };
  const { stringify } = JSON;

  test('list ended sessions until their tokens have expired, including those of deleted users', async ({ service }) => {
    const person = await service.register();
    const [ended, live, old] = [
      await login(service, person),
      await login(service, person),
      await login(service, person),
    ];
    const { as_of } = await poll(service);
    for (const { sid } of [ended, old])
      await service.database
        .owner('sessions')
        .where({ id: sid })
        .update({ ended_at: ago(service, '0') });
    await service.database
      .owner('sessions')
      .where({ id: old.sid })
      .update({ ended_at: ago(service, '17 minutes') });

    const full = await poll(service);
    const revocation = full.sessions.find(({ sid }) => sid === ended.sid);
    expect(Date.parse(revocation?.until ?? '') - Date.parse((await rowOf(service, ended.sid)).ended_at)).toBe(
      16 * 60_000,
    );
    expect(stringify(full)).not.toContain(live.sid);
    expect(stringify(full)).not.toContain(old.sid);
    expect(Math.abs(Date.parse(full.as_of) - Date.now())).toBeLessThan(60_000);

    expect(stringify(await poll(service, `?since=${as_of}`))).toContain(ended.sid);
    await service.database
      .owner('sessions')
      .where({ id: ended.sid })
      .update({ ended_at: ago(service, '1 minute') });
    expect(stringify(await poll(service, `?since=${as_of}`))).not.toContain(ended.sid);

    await service.database.owner('users').where({ id: person.user.id }).delete();
    expect(stringify(await poll(service))).toContain(ended.sid);
  });

  test('list inactive companies, and with since those that became active again', async ({ service }) => {
    const { user } = await service.register();
    const company = () => service.database.owner('companies').where({ id: user.business_id });
    const { as_of } = await poll(service);
    expect(stringify(await poll(service))).not.toContain(user.business_id);
    await company().update({ status: 'suspended', status_changed_at: ago(service, '0') });
    for (const query of ['', `?since=${as_of}`])
      expect((await poll(service, query)).companies).toContainEqual({ id: user.business_id, active: false });
    await company().update({ status: 'active', status_changed_at: ago(service, '0') });
    expect((await poll(service, `?since=${as_of}`)).companies).toContainEqual({ id: user.business_id, active: true });
    expect(stringify((await poll(service)).companies)).not.toContain(user.business_id);
  });

  test('are available to the gateway only', async ({ service }) => {
    await service.callingService('customer').get('/internal/revocations').expect(403);
    await service.callingService('gateway').get('/internal/revocations?since=yesterday').expect(422);
  });
});

test('end-sessions ends every session, as after a restore, and is in the audit log', async ({ service }) => {
  const person = await service.register();
  const { sid } = await login(service, person);
  const script = join(import.meta.dirname, '../end-sessions.ts');
  const env = { ...childEnv, AUTH_DATABASE_URL: service.database.url };
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
  expect(Number(stdout)).toBeGreaterThan(0);
  expect((await rowOf(service, sid)).ended_at).not.toBeNull();
  expect(await service.database.owner('sessions').whereNull('ended_at')).toEqual([]);
  const logged = service.database.owner('audit_logs').where({ action: 'sessions.ended', actor_id: 'service:auth' });
  expect(await logged).toHaveLength(1);
});

describe('announcements', () => {
  test('follow each commit that revokes sessions or changes a company’s status, and no rollback', async ({
    service,
    superuser,
  }) => {
    const { db } = service.database;
    let announced = 0;
    /** Whether the change can be read when it is announced. */
    const readable: Promise<number>[] = [];
    const countEnded = async () =>
      Number((await service.database.owner('sessions').whereNotNull('ended_at').count())[0]?.['count']);
    onRevocationsCommitted(db, () => {
      announced += 1;
      readable.push(countEnded());
    });
    const person = await service.register();
    await login(service, person);
    const { sid } = await login(service, person);
    expect(announced).toBe(0);
    const before = await countEnded();
    await person.client.post('/auth/logout').set('X-Session-Id', sid).expect(200);
    expect(announced).toBe(1);
    expect(await readable[0]).toBe(before + 1);
    await superuser.put(`/api/v1/users/${person.user.id}`, { password: 'another battery staple' }).expect(200);
    expect(announced).toBe(2);

    const company = `/api/v1/companies/${person.user.business_id}`;
    await superuser.delete(company).expect(200);
    await superuser.put(company, { status: 'active' }).expect(200);
    expect(announced).toBe(4);

    const failing = db.transaction(async (tx) => {
      announceRevocations(tx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(announced).toBe(4);
    onRevocationsCommitted(db, () => {});
  });
});
