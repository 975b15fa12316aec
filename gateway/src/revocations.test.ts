import { randomUUID } from 'node:crypto';
import { revocationsChannel } from '@clientela/contracts';
import { connectRedis } from '@clientela/runtime';
import { startRedis } from '@clientela/testing';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits } from './limits.ts';
import { company_id, session_id, startTestGateway, revocationsResponse, signToken, until } from './testing/gateway.ts';

const paths = { customer: { '/api/customers': { get: {} } }, auth: { '/auth/login': { post: { open: true } } } };
const soon = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
type TestGateway = Awaited<ReturnType<typeof startTestGateway>>;
const get = async (gateway: TestGateway, token = gateway.token) =>
  (await gateway.call({ path: '/api/customers', headers: bearer(token) })).status;
/** Waits for `times` more polls, so that the response before the last was applied. */
const morePolls = async ({ revocations }: TestGateway, times = 2) => {
  const before = revocations.polls.length;
  await until(() => revocations.polls.length >= before + times, 'polls of auth');
};

describe('a revocation', () => {
  test('is fetched every second, which allows the two seconds that it may take', () => {
    expect(limits.revocationsInterval).toBe(1000);
  });

  test('ends a session at once, cached tokens included, and no other session', async () => {
    const gateway = await startTestGateway({ paths });
    const other = signToken(gateway.key, { sid: randomUUID() });
    expect([await get(gateway), await get(gateway), await get(gateway, other)]).toEqual([200, 200, 200]);

    gateway.revocations.respond = () => revocationsResponse([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await get(gateway)) === 401, 'the session is revoked');
    const { headers, json } = await gateway.callSignedIn({ path: '/api/customers' });
    expect([headers['www-authenticate'], json.error_code]).toEqual([
      'Bearer realm="clientela", error="invalid_token"',
      'UNAUTHENTICATED',
    ]);
    expect(await get(gateway, signToken(gateway.key, { jti: randomUUID() }))).toBe(401); // another token of that session
    expect(await get(gateway, other)).toBe(200);

    // Stays revoked when later polls, which start from then, omit it.
    gateway.revocations.respond = () => revocationsResponse();
    await morePolls(gateway);
    expect(await get(gateway)).toBe(401);
    expect((await gateway.call({ method: 'POST', path: '/auth/login', headers: gateway.bearer })).status).toBe(200);
    expect(gateway.reached.at(-1)?.headers).not.toHaveProperty('x-user-id');
  });

  test('rejects a company’s users while it is inactive', async () => {
    const gateway = await startTestGateway({ paths });
    const superuser = signToken(gateway.key, { role: 'superuser', company_id: undefined });
    const elsewhere = signToken(gateway.key, { company_id: randomUUID() });
    gateway.revocations.respond = () => revocationsResponse([], [{ id: company_id, active: false }]);
    await until(async () => (await get(gateway)) === 401, 'the company is rejected');
    expect([await get(gateway, superuser), await get(gateway, elsewhere)]).toEqual([200, 200]);
    gateway.revocations.respond = () => revocationsResponse([], [{ id: company_id, active: true }]);
    await until(async () => (await get(gateway)) === 200, 'the company is accepted');
  });

  test('is polled with the gateway’s key, first in full, then from the last response', async () => {
    const as_of = '2026-01-01T00:00:30.000Z';
    const gateway = await startTestGateway({ paths, revocations: () => revocationsResponse([], [], { as_of }) });
    await until(() => gateway.revocations.polls.length > 3, 'polls of auth');
    expect(new Set(gateway.revocations.keys)).toEqual(new Set([gateway.serviceKey]));
    const [first, ...later] = gateway.revocations.polls;
    expect(first).toBeNull();
    expect(new Set(later)).toEqual(new Set(['2026-01-01T00:00:15.000Z']));
  });

  test('is dropped when it expires; beyond the capacity all earlier tokens are rejected', async () => {
    const expired = { sid: session_id, until: new Date(Date.now() - 60_000).toISOString() };
    const gateway = await startTestGateway({
      paths,
      revocations: () => revocationsResponse([expired]),
      limits: { maxRevokedSessions: 3 },
    });
    expect(await get(gateway)).toBe(200);

    // Four sessions where three fit: rejects all tokens issued until then, accepts later ones.
    const many = Array.from({ length: 4 }, () => ({ sid: randomUUID(), until: soon(900) }));
    gateway.revocations.respond = () => revocationsResponse(many);
    await until(async () => (await get(gateway)) === 401, 'earlier tokens are rejected');
    const now = Math.floor(Date.now() / 1000);
    const later = signToken(gateway.key, { sid: session_id, iat: now + 3 });
    gateway.revocations.respond = () => revocationsResponse();
    await morePolls(gateway);
    expect([await get(gateway), await get(gateway, later)]).toEqual([401, 200]);
    expect(gateway.logLines.filter(({ msg }) => /too many to store/.test(String(msg)))).not.toEqual([]);
  });

  test('in a truncated response rejects all earlier tokens', async () => {
    const gateway = await startTestGateway({ paths });
    expect(await get(gateway)).toBe(200);
    gateway.revocations.respond = () => revocationsResponse([], [], { truncated: true });
    await until(async () => (await get(gateway)) === 401, 'earlier tokens are rejected');
  });
});

describe('before the first response', () => {
  test('protected routes are 503, and the gateway is not ready', async () => {
    const gateway = await startTestGateway({
      paths,
      waitUntilReady: false,
      revocations: () => ({ status: 503, body: {} }),
    });
    await until(() => gateway.jwks.fetchCount > 0 && gateway.revocations.polls.length > 2, 'polls of auth');
    const { status, headers, json } = await gateway.callSignedIn({ path: '/api/customers' });
    expect([status, json.error_code, headers['retry-after'], headers['www-authenticate']]).toEqual([
      503,
      'SERVICE_UNAVAILABLE',
      '1',
      undefined,
    ]);
    expect((await gateway.call({ path: '/api/customers' })).status).toBe(401);
    expect((await gateway.call({ method: 'POST', path: '/auth/login' })).status).toBe(200);
    const ready = await gateway.call({ path: '/ready' });
    expect([ready.status, ready.json['status']]).toEqual([503, 'starting']);

    gateway.revocations.respond = () => revocationsResponse([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await gateway.call({ path: '/ready' })).status === 200, 'the revocations are loaded');
    expect([await get(gateway), await get(gateway, signToken(gateway.key, { sid: randomUUID() }))]).toEqual([401, 200]);
  });
});

describe('while auth is unavailable', () => {
  test.each([
    ['fails', { status: 500, body: {} }],
    ['sends nonsense', { body: { sessions: 'all' } }],
    ['never responds', { status: 0 }],
  ])('and %s, valid tokens stay valid, unseen ones too, and revoked ones revoked', async (_what, failure) => {
    const ended = { sid: randomUUID(), until: soon(900) };
    const limits = { revocationsTimeout: 200, revocationsCatchUpTimeout: 400 };
    const gateway = await startTestGateway({ paths, revocations: () => revocationsResponse([ended]), limits });
    const revokedToken = signToken(gateway.key, { sid: ended.sid });
    expect([await get(gateway), await get(gateway, revokedToken)]).toEqual([200, 401]);
    gateway.revocations.respond = () => failure;
    await morePolls(gateway, 3);
    const unseen = signToken(gateway.key, { sid: randomUUID() });
    expect([await get(gateway), await get(gateway, revokedToken), await get(gateway, unseen)]).toEqual([200, 401, 200]);
    expect((await gateway.call({ path: '/ready' })).status).toBe(200);

    gateway.revocations.respond = () => revocationsResponse([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await get(gateway)) === 401, 'the new revocation');
    expect(gateway.logLines.filter(({ msg }) => /revocations: not fetched/.test(String(msg)))).toHaveLength(1);
  });

  test('it continues from its last response, and fetches the full list after a long outage', async () => {
    const asOf = new Date(Date.now() - 1000).toISOString();
    const gateway = await startTestGateway({ paths, revocations: () => revocationsResponse([], [], { as_of: asOf }) });
    await morePolls(gateway);
    expect(gateway.revocations.polls.at(-1)).toBe(new Date(Date.parse(asOf) - 15_000).toISOString());

    const revoked = { sid: session_id, until: soon(900) };
    const quiet = await startTestGateway({
      paths,
      revocations: () => revocationsResponse([revoked]),
      limits: { revocationsFullFetchAfter: 300 },
    });
    expect(await get(quiet)).toBe(401);
    const before = quiet.revocations.polls.length;
    quiet.revocations.respond = () => ({ status: 503, body: {} });
    await until(() => quiet.revocations.polls.slice(before + 1).includes(null), 'a full fetch');
    // A full response replaces the earlier state.
    quiet.revocations.respond = () => revocationsResponse();
    await until(async () => (await get(quiet)) === 200, 'the full response is applied');
    await morePolls(quiet);
    expect(quiet.revocations.polls.at(-1)).not.toBeNull();
  });
});

describe('with Redis', () => {
  test('an announced revocation is fetched at once, and many announcements are few fetches', async () => {
    const server = await startRedis();
    const publisher = connectRedis(server.url, pino({ level: 'silent' }));
    onTestFinished(async () => {
      publisher.close();
      await server.close();
    });
    const announce = () => publisher.run((client) => client.publish(revocationsChannel, ''));
    const gateway = await startTestGateway({
      paths,
      settings: { REDIS_URL: server.url },
      limits: { revocationsInterval: 600_000 },
    });
    expect(await get(gateway)).toBe(200);
    await until(async () => (await announce()) === 1, 'the gateway listens');

    gateway.revocations.respond = () => revocationsResponse([{ sid: session_id, until: soon(900) }]);
    await announce();
    await until(async () => (await get(gateway)) === 401, 'the session is revoked');

    const before = gateway.revocations.polls.length;
    const startedAt = performance.now();
    for (let time = 0; time < 200; time += 1) await announce();
    await until(() => gateway.revocations.polls.length > before, 'a fetch');
    const fetches = gateway.revocations.polls.length - before;
    expect(fetches).toBeLessThanOrEqual(2 + (performance.now() - startedAt) / limits.revocationsRefreshInterval);
  });

  test('a message that is lost costs one poll', async () => {
    const server = await startRedis();
    onTestFinished(() => server.close());
    const gateway = await startTestGateway({ paths, settings: { REDIS_URL: server.url } });
    await server.kill();
    gateway.revocations.respond = () => revocationsResponse([{ sid: session_id, until: soon(900) }]);
    await until(async () => (await get(gateway)) === 401, 'the session is revoked');
  });
});
