import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';

let auth: TestAuth;

beforeAll(async () => {
  auth = await createTestAuth({ pool: 10 });
});
afterAll(() => auth.close());

type Person = Awaited<ReturnType<TestAuth['register']>>;

const login = async ({ email, password }: Person): Promise<{ sid: string }> => {
  const { body } = await auth.anonymous().post('/auth/login', { email, password }).expect(200);
  return jwt.decode(body.access_token) as { sid: string };
};
const rowOf = (id: string) => auth.database.owner('sessions').where({ id }).first();
const ago = (interval: string) => auth.database.owner.raw(`now() - ?::interval`, [interval]);

describe('revocations', () => {
  const poll = async (query = '') =>
    (await auth.callingService('gateway').get(`/internal/revocations${query}`).expect(200)).body as {
      as_of: string;
      sessions: { sid: string; until: string }[];
      companies: { id: string; active: boolean }[];
    };
  const { stringify } = JSON;

  test('list ended sessions until their tokens have expired, including those of deleted users', async () => {
    const person = await auth.register();
    const [ended, live, old] = [await login(person), await login(person), await login(person)];
    const { as_of } = await poll();
    for (const { sid } of [ended, old])
      await auth.database
        .owner('sessions')
        .where({ id: sid })
        .update({ ended_at: ago('0') });
    await auth.database
      .owner('sessions')
      .where({ id: old.sid })
      .update({ ended_at: ago('17 minutes') });

    const full = await poll();
    const revocation = full.sessions.find(({ sid }) => sid === ended.sid);
    expect(Date.parse(revocation?.until ?? '') - Date.parse((await rowOf(ended.sid)).ended_at)).toBe(16 * 60_000);
    expect(stringify(full)).not.toContain(live.sid);
    expect(stringify(full)).not.toContain(old.sid);
    expect(Math.abs(Date.parse(full.as_of) - Date.now())).toBeLessThan(5000);

    expect(stringify(await poll(`?since=${as_of}`))).toContain(ended.sid);
    await auth.database
      .owner('sessions')
      .where({ id: ended.sid })
      .update({ ended_at: ago('1 minute') });
    expect(stringify(await poll(`?since=${as_of}`))).not.toContain(ended.sid);

    await auth.database.owner('users').where({ id: person.user.id }).delete();
    expect(stringify(await poll())).toContain(ended.sid);
  });

  test('list inactive companies, and with since those that became active again', async () => {
    const { user } = await auth.register();
    const company = () => auth.database.owner('companies').where({ id: user.business_id });
    const { as_of } = await poll();
    expect(stringify(await poll())).not.toContain(user.business_id);
    await company().update({ status: 'suspended', status_changed_at: ago('0') });
    for (const query of ['', `?since=${as_of}`])
      expect((await poll(query)).companies).toContainEqual({ id: user.business_id, active: false });
    await company().update({ status: 'active', status_changed_at: ago('0') });
    expect((await poll(`?since=${as_of}`)).companies).toContainEqual({ id: user.business_id, active: true });
    expect(stringify((await poll()).companies)).not.toContain(user.business_id);
  });

  test('are available to the gateway only', async () => {
    await auth.callingService('customer').get('/internal/revocations').expect(403);
    await auth.callingService('gateway').get('/internal/revocations?since=yesterday').expect(422);
  });
});
