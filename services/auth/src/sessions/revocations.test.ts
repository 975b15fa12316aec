import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest({ pool: 10 });
});
afterAll(() => auth.close());

type Person = Awaited<ReturnType<AuthUnderTest['registered']>>;

const login = async ({ email, password }: Person): Promise<{ sid: string }> => {
  const { body } = await auth.anonymous().post('/auth/login', { email, password }).expect(200);
  return jwt.decode(body.access_token) as { sid: string };
};
const rowOf = (id: string) => auth.database.owner('sessions').where({ id }).first();
const ago = (interval: string) => auth.database.owner.raw(`now() - ?::interval`, [interval]);

describe('revocations, for the gateway', () => {
  const ask = async (query = '') =>
    (await auth.callingService('gateway').get(`/internal/revocations${query}`).expect(200)).body as {
      as_of: string;
      sessions: { sid: string; until: string }[];
      companies: { id: string; active: boolean }[];
    };
  const { stringify } = JSON;

  test('are the ended sessions until their tokens have expired, those of removed users too', async () => {
    const person = await auth.registered();
    const [gone, stays, old] = [await login(person), await login(person), await login(person)];
    const { as_of } = await ask();
    for (const { sid } of [gone, old])
      await auth.database
        .owner('sessions')
        .where({ id: sid })
        .update({ ended_at: ago('0') });
    await auth.database
      .owner('sessions')
      .where({ id: old.sid })
      .update({ ended_at: ago('17 minutes') });

    const full = await ask();
    const told = full.sessions.find(({ sid }) => sid === gone.sid);
    expect(Date.parse(told?.until ?? '') - Date.parse((await rowOf(gone.sid)).ended_at)).toBe(16 * 60_000);
    expect(stringify(full)).not.toContain(stays.sid);
    expect(stringify(full)).not.toContain(old.sid);
    expect(Math.abs(Date.parse(full.as_of) - Date.now())).toBeLessThan(5000);

    expect(stringify(await ask(`?since=${as_of}`))).toContain(gone.sid);
    await auth.database
      .owner('sessions')
      .where({ id: gone.sid })
      .update({ ended_at: ago('1 minute') });
    expect(stringify(await ask(`?since=${as_of}`))).not.toContain(gone.sid);

    await auth.database.owner('users').where({ id: person.user.id }).delete();
    expect(stringify(await ask())).toContain(gone.sid);
  });

  test('are the companies that are not active, and lately those that are again', async () => {
    const { user } = await auth.registered();
    const company = () => auth.database.owner('companies').where({ id: user.business_id });
    const { as_of } = await ask();
    expect(stringify(await ask())).not.toContain(user.business_id);
    await company().update({ status: 'suspended', status_changed_at: ago('0') });
    for (const query of ['', `?since=${as_of}`])
      expect((await ask(query)).companies).toContainEqual({ id: user.business_id, active: false });
    await company().update({ status: 'active', status_changed_at: ago('0') });
    expect((await ask(`?since=${as_of}`)).companies).toContainEqual({ id: user.business_id, active: true });
    expect(stringify((await ask()).companies)).not.toContain(user.business_id);
  });

  test('are told to the gateway alone', async () => {
    await auth.callingService('customer').get('/internal/revocations').expect(403);
    await auth.callingService('gateway').get('/internal/revocations?since=yesterday').expect(422);
  });
});
