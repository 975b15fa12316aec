import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A person at a provider, and what the provider says of it. */
export type TestProviderAccount = { sub: string; email?: string; email_verified?: boolean; name?: string };

export type TestProvider = {
  issuer: string;
  client: { client_id: string; client_secret: string };
  /** Signs this person in at the next visits. Undefined: the person refuses. */
  account: TestProviderAccount | undefined;
  /** Replaces the response to a path, for a provider that misbehaves; `undefined` leaves it. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** The paths of the requests so far. */
  paths: string[];
  /** Does what a browser does at the provider. @returns the address to which it sends the browser back */
  visit: (location: string) => Promise<URL>;
  /** Stops listening, and closes open connections. */
  close: () => Promise<void>;
  /** Listens again at the same address. */
  reopen: () => Promise<void>;
};

/** Starts a certified OpenID Connect provider, which signs everybody in at once. */
export async function startTestProvider(redirect_uris: string[]): Promise<TestProvider> {
  // Loaded for the tests that start one.
  const [{ exportJWK, generateKeyPair }, { Provider }] = await Promise.all([import('jose'), import('oidc-provider')]);
  const client = { client_id: 'clientela', client_secret: `secret-${randomUUID()}` };
  const server = createServer((request, response) => void handle(request, response));
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const accounts = new Map<string, TestProviderAccount>();
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris, id_token_signed_response_alg: 'ES256' }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'test' }] },
    ttl: { Interaction: 60, Grant: 60, Session: 60, AccessToken: 60, IdToken: 60 },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ ...accounts.get(id), sub: id }) }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: client.client_id,
        accountId: oidc.session?.accountId as string,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  const serve = provider.callback();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    test.paths.push((request.url ?? '').replace(/\?.*/s, ''));
    if (test.intercept?.(request, response)) return;
    if (!request.url?.startsWith('/interaction/')) return void serve(request, response);
    const { account } = test;
    if (account) accounts.set(account.sub, account);
    const result = account ? { login: { accountId: account.sub, remember: false } } : { error: 'access_denied' };
    await provider.interactionFinished(request, response, result);
  }

  const test: TestProvider = {
    issuer,
    client,
    account: undefined,
    intercept: undefined,
    paths: [],
    visit: async (location) => {
      const cookies = new Map<string, string>();
      let url = new URL(location);
      while (url.origin === issuer) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
        for (const header of response.headers.getSetCookie()) {
          const [pair = ''] = header.split(';');
          const [name = '', value = ''] = pair.split('=', 2);
          if (value === '') cookies.delete(name);
          else cookies.set(name, value);
        }
        const next = response.headers.get('location');
        if (next === null) throw new Error(`The provider responded ${response.status}: ${await response.text()}`);
        await response.body?.cancel();
        url = new URL(next, url);
      }
      return url;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    reopen: () => listen(port),
  };
  return test;
}
