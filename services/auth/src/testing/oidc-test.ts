import { randomUUID } from 'node:crypto';
import { startTestProvider, type TestProvider, type TestProviderAccount, type TestService } from '@clientela/testing';
import { redactedNames } from '@clientela/contracts';
import { createLog, type Log } from '@clientela/runtime';
import { openProvider, type ProviderLimits } from '../identities/provider.ts';
import { createTestAuth, type TestAuth } from './test-auth.ts';

export const publicUrl = 'https://crm.example.com';
const redirectUri = (name: string) => `${publicUrl}/auth/oidc/${name}/callback`;

export type TestOidc = TestAuth & { at: Readonly<Record<string, TestProvider>> };

/** Creates the auth service with real providers of these names. */
export async function createTestOidc(
  names: readonly string[],
  options: Omit<Parameters<typeof createTestAuth>[0] & object, 'providers'> & {
    limits?: Partial<ProviderLimits>;
    log?: Log;
  } = {},
): Promise<TestOidc> {
  const log = options.log ?? createLog('auth', 'silent', { redact: redactedNames });
  const at: Record<string, TestProvider> = {};
  for (const name of names) at[name] = await startTestProvider([redirectUri(name)]);
  const providers = Object.entries(at).map(([name, { issuer, client }]) =>
    openProvider({ name, issuer: new URL(issuer).href, ...client }, redirectUri(name), log, options.limits),
  );
  const auth = await createTestAuth({ ...options, providers, publicUrl });
  return {
    ...auth,
    at,
    close: async () => {
      await auth.close();
      for (const provider of Object.values(at)) await provider.close();
    },
  };
}

/** A browser that began to sign in: the address at the provider, and the cookie that it got. */
export type Begun = { location: string; cookie: string };
/** Where a return leads: the page, and what its fragment holds. */
export type Returned = { page: string; code: string | null; error: string | null; cookies: string[] };

const nameAndValue = (header: string) => header.split(';')[0] ?? '';

export async function begin({ anonymous }: Pick<TestService, 'anonymous'>, name: string, to?: string): Promise<Begun> {
  const query = to === undefined ? '' : `?to=${encodeURIComponent(to)}`;
  const { headers } = await anonymous().get(`/auth/oidc/${name}/start${query}`).expect(302);
  const [cookie = ''] = (headers['set-cookie'] as unknown as string[] | undefined) ?? [];
  return { location: headers['location'] ?? '', cookie: nameAndValue(cookie) };
}

/** Follows the provider's redirect to the callback of a provider. @param name default that of the address */
export async function comeBack(
  { anonymous }: Pick<TestService, 'anonymous'>,
  back: URL,
  cookie: string,
  name?: string,
): Promise<Returned> {
  const path = name === undefined ? back.pathname : `/auth/oidc/${name}/callback`;
  const { headers } = await anonymous().get(`${path}${back.search}`).set('Cookie', cookie).expect(302);
  const { origin, pathname, search, hash } = new URL(headers['location'] ?? '');
  const fragment = new URLSearchParams(hash.slice(1));
  return {
    page: origin === publicUrl ? pathname + search : (headers['location'] ?? ''),
    code: fragment.get('code'),
    error: fragment.get('error'),
    cookies: (headers['set-cookie'] as unknown as string[] | undefined) ?? [],
  };
}

/** The whole way of a browser: to the provider, and back. */
export async function signInAt(service: TestOidc, name: string, account: TestProviderAccount | undefined, to?: string) {
  const provider = service.at[name] as TestProvider;
  const { location, cookie } = await begin(service, name, to);
  provider.account = account;
  return comeBack(service, await provider.visit(location), cookie);
}

export const exchange = ({ anonymous }: Pick<TestService, 'anonymous'>, code: string | null) =>
  anonymous().post('/auth/oidc/exchange', { code: code ?? '' });

/** A person at a provider, whose address is verified there. */
export const newAccount = () => ({ sub: randomUUID(), email: `${randomUUID()}@example.com`, email_verified: true });

/** Marks the address of a user as verified, as the link of a mail does. */
export const verifyAddress = ({ database }: TestService, user_id: string) =>
  database.owner('users').where({ id: user_id }).update({ email_verified_at: new Date() });
