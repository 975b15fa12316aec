import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { company_id, session_id, startStreet, telling, tokenOf, until } from './test-street.ts';

const paths = { customer: { '/api/customers': { get: {} } }, auth: { '/auth/login': { post: { open: true } } } };
const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
type Street = Awaited<ReturnType<typeof startStreet>>;
const get = async (street: Street, token = street.token) =>
  (await street.call({ path: '/api/customers', headers: bearer(token) })).status;
/** Waits until auth was asked, and its answer taken, `times` more. */
const asked = async ({ revocations }: Street, times = 2) => {
  const before = revocations.asked.length;
  await until(() => revocations.asked.length >= before + times, 'auth is asked');
};

describe('what auth took back', () => {
  test('ends a session at once, a remembered token too, and no other', async () => {
    const street = await startStreet({ paths });
    const other = tokenOf(street.key, { sid: randomUUID() });
    expect([await get(street), await get(street), await get(street, other)]).toEqual([200, 200, 200]);

    street.revocations.answer = () => telling([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await get(street)) === 401, 'the session is over');
    const { headers, json } = await street.as({ path: '/api/customers' });
    expect([headers['www-authenticate'], json.error_code]).toEqual([
      'Bearer realm="clientela", error="invalid_token"',
      'UNAUTHENTICATED',
    ]);
    expect(await get(street, tokenOf(street.key, { jti: randomUUID() }))).toBe(401); // another token of that session
    expect(await get(street, other)).toBe(200);

    // It stays so when auth, asked from then on, tells nothing more.
    street.revocations.answer = () => telling();
    await asked(street);
    expect(await get(street)).toBe(401);
    expect((await street.call({ method: 'POST', path: '/auth/login', headers: street.bearer })).status).toBe(200);
    expect(street.reached.at(-1)?.headers).not.toHaveProperty('x-user-id');
  });

  test('shuts a company out while it is not active', async () => {
    const street = await startStreet({ paths });
    const superuser = tokenOf(street.key, { role: 'superuser', company_id: undefined });
    const elsewhere = tokenOf(street.key, { company_id: randomUUID() });
    street.revocations.answer = () => telling([], [{ id: company_id, active: false }]);
    await until(async () => (await get(street)) === 401, 'the company is shut out');
    expect([await get(street, superuser), await get(street, elsewhere)]).toEqual([200, 200]);
    street.revocations.answer = () => telling([], [{ id: company_id, active: true }]);
    await until(async () => (await get(street)) === 200, 'the company is back');
  });

  test('is asked for with the gateway’s key, in full at first, then from the last answer on', async () => {
    const as_of = '2026-01-01T00:00:30.000Z';
    const street = await startStreet({ paths, revocations: () => telling([], [], { as_of }) });
    await until(() => street.revocations.asked.length > 3, 'auth is asked');
    expect(new Set(street.revocations.keys)).toEqual(new Set([street.service_key]));
    const [first, ...later] = street.revocations.asked;
    expect(first).toBeNull();
    expect(new Set(later)).toEqual(new Set(['2026-01-01T00:00:15.000Z']));
  });

  test('is forgotten when it is over, and what is too much is never kept', async () => {
    const gone = { sid: session_id, until: new Date(Date.now() - 60_000).toISOString() };
    const street = await startStreet({ paths, revocations: () => telling([gone]), limits: { revocations: 3 } });
    expect(await get(street)).toBe(200);

    // Four sessions where three fit: all tokens issued until then end, those issued later are good.
    const many = Array.from({ length: 4 }, () => ({ sid: randomUUID(), until: soon(900) }));
    street.revocations.answer = () => telling(many);
    await until(async () => (await get(street)) === 401, 'tokens of before are refused');
    const now = Math.floor(Date.now() / 1000);
    const later = tokenOf(street.key, { sid: session_id, iat: now + 3 });
    street.revocations.answer = () => telling();
    await asked(street);
    expect([await get(street), await get(street, later)]).toEqual([401, 200]);
    expect(street.lines.filter(({ msg }) => /too many to keep/.test(String(msg)))).not.toEqual([]);
  });

  test('told in part counts for every token of before', async () => {
    const street = await startStreet({ paths });
    expect(await get(street)).toBe(200);
    street.revocations.answer = () => telling([], [], { truncated: true });
    await until(async () => (await get(street)) === 401, 'tokens of before are refused');
  });
});

describe('before the first answer', () => {
  test('nobody is let in or turned away: 503, and not ready', async () => {
    const street = await startStreet({ paths, started: false, revocations: () => ({ status: 503, body: {} }) });
    await until(() => street.jwks.asked > 0 && street.revocations.asked.length > 2, 'auth is asked');
    const { status, headers, json } = await street.as({ path: '/api/customers' });
    expect([status, json.error_code, headers['retry-after'], headers['www-authenticate']]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '1',
      undefined,
    ]);
    expect((await street.call({ path: '/api/customers' })).status).toBe(401);
    expect((await street.call({ method: 'POST', path: '/auth/login' })).status).toBe(200);
    const ready = await street.call({ path: '/ready' });
    expect([ready.status, ready.json['status']]).toEqual([503, 'starting']);

    street.revocations.answer = () => telling([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await street.call({ path: '/ready' })).status === 200, 'the revocations are there');
    expect([await get(street), await get(street, tokenOf(street.key, { sid: randomUUID() }))]).toEqual([401, 200]);
  });
});

describe('while auth is away', () => {
  test.each([
    ['refuses', { status: 500, body: {} }],
    ['answers nonsense', { body: { sessions: 'all' } }],
    ['does not answer', { status: 0 }],
  ])('and %s, good tokens stay good, new ones too, and ended ones ended', async (_what, away) => {
    const ended = { sid: randomUUID(), until: soon(900) };
    const over = (key: Street['key']) => tokenOf(key, { sid: ended.sid });
    const limits = { revocations_call: 200, revocations_call_behind: 400 };
    const street = await startStreet({ paths, revocations: () => telling([ended]), limits });
    const over_token = over(street.key);
    expect([await get(street), await get(street, over_token)]).toEqual([200, 401]);
    street.revocations.answer = () => away;
    await asked(street, 3);
    const unseen = tokenOf(street.key, { sid: randomUUID() });
    expect([await get(street), await get(street, over_token), await get(street, unseen)]).toEqual([200, 401, 200]);
    expect((await street.call({ path: '/ready' })).status).toBe(200);

    street.revocations.answer = () => telling([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await get(street)) === 401, 'it catches up');
    expect(street.lines.filter(({ msg }) => /revocations: not fetched/.test(String(msg)))).toHaveLength(1);
  });

  test('it asks from where it was, and in full after a long time', async () => {
    const seen = new Date(Date.now() - 1000).toISOString();
    const street = await startStreet({ paths, revocations: () => telling([], [], { as_of: seen }) });
    await asked(street);
    expect(street.revocations.asked.at(-1)).toBe(new Date(Date.parse(seen) - 15_000).toISOString());

    const lost = { sid: session_id, until: soon(900) };
    const calm = await startStreet({ paths, revocations: () => telling([lost]), limits: { revocations_gap: 300 } });
    expect(await get(calm)).toBe(401);
    const before = calm.revocations.asked.length;
    calm.revocations.answer = () => ({ status: 503, body: {} });
    await until(() => calm.revocations.asked.slice(before + 1).includes(null), 'it asks in full');
    // In full is in full: what is not told any more is not so any more.
    calm.revocations.answer = () => telling();
    await until(async () => (await get(calm)) === 200, 'the answer replaces what was known');
    await asked(calm);
    expect(calm.revocations.asked.at(-1)).not.toBeNull();
  });
});
