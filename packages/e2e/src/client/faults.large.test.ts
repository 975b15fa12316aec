import { Clientela, SessionEnded, type TokenStore } from '@clientela/client';
import { expect } from 'vitest';
import { fleetTest, newCompany } from '../testing/test-fleet.ts';
import { cuttingProxy } from './cutting-proxy.ts';

const password = 'correct horse battery';

const test = fleetTest
  .extend('proxy', async ({ defaultFleet }, { onCleanup }) => {
    const proxy = await cuttingProxy(defaultFleet.url);
    onCleanup(() => proxy.close());
    return proxy;
  })
  .extend('admin', async ({ defaultFleet, proxy }) => {
    const { user } = await newCompany(defaultFleet.url);
    let token: string | undefined;
    const store: TokenStore = { get: () => token, set: (next) => void (token = next) };
    let ends = 0;
    const client = await Clientela.signIn({
      url: proxy.url,
      email: user.email,
      password,
      store,
      onSignedOut: () => void (ends += 1),
    });
    const expire = () => client.session.start({ access_token: 'expired', expires_in: 0 });
    return { client, store, email: user.email as string, expire, ends: () => ends };
  });

test.for(['before', 'during', 'after'] as const)(
  'a POST that is cut %s its response creates one record, which the caller gets',
  async (fault, { proxy, admin: { client } }) => {
    const email = `${crypto.randomUUID()}@example.com`;
    proxy.seen.length = 0;
    proxy.breakNext('POST /api/customers', fault, fault);
    const { customer } = await client.customers.create({ email, full_name: 'Ana' });
    expect(customer).toMatchObject({ email, full_name: 'Ana' });
    expect((await client.customers.get(customer.id)).customer).toEqual(customer);
    const { customers } = await client.customers.list({ search: email });
    expect(customers.map(({ id }) => id)).toEqual([customer.id]);
    const tries = proxy.seen.filter(({ route }) => route === 'POST /api/customers');
    expect(tries).toHaveLength(3);
    expect(new Set(tries.map(({ key }) => key)).size).toBe(1);
  },
);

test.for([429, 503] as const)(
  'waits a second after a %i that asks for it',
  async (status, { proxy, admin: { client } }) => {
    proxy.seen.length = 0;
    proxy.breakNext('GET /auth/me', status, status);
    await client.auth.me.get();
    const [first = 0, second = 0, third = 0] = proxy.seen.map(({ at }) => at);
    expect(second - first).toBeGreaterThan(990);
    expect(third - second).toBeGreaterThan(990);
  },
);

test('stays signed in when the responses of a refresh are lost', async ({ proxy, admin: { client, expire, ends } }) => {
  await expire();
  proxy.seen.length = 0;
  proxy.breakNext('POST /auth/refresh', 'after', 'during', 'before');
  const results = await Promise.all(Array.from({ length: 50 }, () => client.auth.me.get()));
  expect(new Set(results.map(({ user }) => user.id)).size).toBe(1);
  expect(proxy.seen.filter(({ route }) => route === 'POST /auth/refresh')).toHaveLength(4);
  await expire();
  await client.auth.me.get();
  expect(ends()).toBe(0);
});

test('a revoked session ends once, for all calls that wait', async ({ defaultFleet, proxy, admin }) => {
  const other = await Clientela.signIn({ url: defaultFleet.url, email: admin.email, password });
  await other.auth.logoutAll();
  await expect.poll(() => other.safe.auth.me.get().then(({ error }) => error?.code)).toBe('SESSION_ENDED');
  proxy.seen.length = 0;
  const calls = await Promise.allSettled(Array.from({ length: 50 }, () => admin.client.auth.me.get()));
  for (const call of calls) expect(call).toMatchObject({ reason: expect.any(SessionEnded) as unknown });
  expect(admin.ends()).toBe(1);
  expect(proxy.seen.filter(({ route }) => route === 'POST /auth/refresh')).toHaveLength(1);
  expect(admin.store.get()).toBeUndefined();
});
