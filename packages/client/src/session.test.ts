import { expect, test, vi } from 'vitest';
import { Clientela, SessionEnded, SignInError, type Tokens } from './index.ts';

const minutes = 60;
const customers = { customers: [], total: 0, page: 1, pages: 0, per_page: 20 };
const json = (body: object, status = 200, headers: Record<string, string> = {}) =>
  Response.json(body, { status, headers });
const refusedToken = () =>
  json({ detail: 'The token has expired', error_code: 'UNAUTHENTICATED' }, 401, {
    'WWW-Authenticate': 'Bearer realm="clientela", error="invalid_token"',
  });

/** A client whose API accepts the tokens of a set. Each refresh adds the next one: token-1, token-2 … */
function clientWith({ expiresIn = 15 * minutes, refresh }: { expiresIn?: number; refresh?: () => Promise<Tokens> }) {
  const accepted = new Set(['token-0']);
  const sent: string[] = [];
  let refreshes = 0;
  const onSignedOut = vi.fn<(cause: unknown) => void>();
  const client = new Clientela({
    url: 'http://api.test',
    onSignedOut,
    fetch: async (_, { headers }) => {
      const token = new Headers(headers).get('authorization')?.replace('Bearer ', '') ?? '';
      sent.push(token);
      return accepted.has(token) ? json(customers) : refusedToken();
    },
    refresh:
      refresh ??
      (async () => {
        refreshes += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        accepted.add(`token-${refreshes}`);
        return { access_token: `token-${refreshes}`, expires_in: 15 * minutes };
      }),
  });
  const start = () => client.session.start({ access_token: 'token-0', expires_in: expiresIn });
  return { client, accepted, sent, onSignedOut, start, refreshes: () => refreshes };
}

test('50 calls at the moment of expiry wait for one refresh', async () => {
  const { client, sent, start, refreshes } = clientWith({ expiresIn: 0 });
  await start();
  await Promise.all(Array.from({ length: 50 }, () => client.customers.list()));
  expect(refreshes()).toBe(1);
  expect(sent).toEqual(Array.from({ length: 50 }, () => 'token-1'));
});

test('50 calls with a token that the API refuses share one refresh, and each is repeated once', async () => {
  const { client, accepted, sent, start, refreshes } = clientWith({});
  await start();
  accepted.clear();
  await Promise.all(Array.from({ length: 50 }, () => client.customers.list()));
  expect(refreshes()).toBe(1);
  expect(sent.filter((token) => token === 'token-1')).toHaveLength(50);
  expect(sent).toHaveLength(100);
});

test('a token that was replaced while its call was under way is not renewed again', async () => {
  const { client, accepted, start, refreshes } = clientWith({});
  await start();
  const slow = client.customers.list();
  await client.session.start({ access_token: 'token-9', expires_in: 900 });
  accepted.add('token-9');
  await slow;
  expect(refreshes()).toBe(0);
});

test('a refused refresh ends the session once: every waiting call rejects, and later ones send nothing', async () => {
  const refused = new SignInError('Invalid or expired refresh token', { status: 401, code: 'UNAUTHENTICATED' });
  const { client, sent, onSignedOut, start } = clientWith({ expiresIn: 0, refresh: () => Promise.reject(refused) });
  await start();
  const results = await Promise.allSettled(Array.from({ length: 50 }, () => client.customers.list()));
  for (const result of results) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_ENDED' } });
  await expect(client.customers.list()).rejects.toBeInstanceOf(SessionEnded);
  expect(onSignedOut).toHaveBeenCalledOnce();
  expect(sent).toEqual([]);
  expect(client.session.isSignedIn).toBe(false);
});

test('a refresh that fails for now keeps the session: a token that is still valid is used', async () => {
  let isAway = true;
  const { client, sent, onSignedOut, start } = clientWith({
    expiresIn: 20,
    refresh: async () => {
      if (isAway) throw new TypeError('fetch failed');
      return { access_token: 'token-0', expires_in: 900 };
    },
  });
  await start();
  await client.customers.list();
  expect(sent).toEqual(['token-0']);
  await client.session.start({ access_token: 'token-0', expires_in: 0 });
  await expect(client.customers.list()).rejects.toThrow('fetch failed');
  isAway = false;
  await client.customers.list();
  expect(onSignedOut).not.toHaveBeenCalled();
});

test('an open operation sends no token and never refreshes', async () => {
  const { client, sent, start, refreshes } = clientWith({ expiresIn: 0 });
  await start();
  await client.auth.forgotPassword({ email: 'ana@example.com' }).catch(() => undefined);
  expect({ sent, refreshes: refreshes() }).toEqual({ sent: [''], refreshes: 0 });
});

test('signing out during a refresh is final', async () => {
  const { client, onSignedOut, start } = clientWith({ expiresIn: 0 });
  await start();
  const call = client.customers.list();
  await client.session.end();
  await expect(call).rejects.toBeInstanceOf(SessionEnded);
  expect(client.session.isSignedIn).toBe(false);
  expect(onSignedOut).toHaveBeenCalledOnce();
});

test('the client refreshes by itself where it keeps the refresh token, and stores the next one', async () => {
  const stored: (string | undefined)[] = [];
  const bodies: unknown[] = [];
  const client = await Clientela.signIn({
    url: 'http://api.test',
    email: 'ana@example.com',
    password: 'correct horse',
    store: { get: () => stored.at(-1), set: (token) => void stored.push(token) },
    fetch: async (url, { body }) => {
      if (!url.includes('/auth/')) return json(customers);
      bodies.push(body && JSON.parse(body as string));
      return json({ access_token: 'access', refresh_token: `refresh-${bodies.length}`, expires_in: 0 });
    },
  });
  await client.customers.list();
  expect(stored).toEqual(['refresh-1', 'refresh-2']);
  expect(bodies[1]).toEqual({ refresh_token: 'refresh-1' });
  await client.signOut();
  expect(stored.at(-1)).toBeUndefined();
});
