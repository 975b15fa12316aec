import { notFound, unauthenticated } from '@clientela/errors';
import { reply, route, type Route } from '@clientela/http';
import { Message } from '@clientela/validation';
import { SignInResponse } from '../accounts/schema.ts';
import { authAliases } from '../auth-aliases.ts';
import type { SessionDeps } from '../sessions/routes.ts';
import { signInErrors, toSignInResponse } from '../sign-ins/presenter.ts';
import { tokenInvalid } from '../tokens/token.ts';
import { recordReturn, removeIdentity, signInByIdentity } from './actions.ts';
import { attemptCookies, newAttempt, type Attempts } from './attempt.ts';
import { oidcReturns } from './metrics.ts';
import { providerDeadline, type Failure, type Provider } from './provider.ts';
import { CallbackQuery, CodeExchange, IdentityParams, ProviderList, ProviderParams, StartQuery } from './schema.ts';
import { spendCode } from './store.ts';

/** Sign-ins by OpenID Connect. `publicUrl` is where people reach the gateway, and with it the console. */
export type Oidc = { providers: readonly Provider[]; attempts: Attempts; publicUrl: string };
export type IdentityDeps = SessionDeps & { oidc: Oidc };

export const identityRoutes = (deps: IdentityDeps): Route[] => [
  listProviders(deps),
  start(deps),
  callback(deps),
  exchange(deps),
  remove(deps),
];

const defaultPage = '/console/sign-in/return';
/** What the page to which the browser returns is told, in the fragment, which browsers send to nobody. */
const errorOf: Readonly<Record<Failure | 'expired' | 'no_user', string>> = {
  denied: 'OIDC_DENIED',
  expired: 'OIDC_EXPIRED',
  failed: 'OIDC_FAILED',
  no_user: 'OIDC_NO_USER',
  unavailable: 'OIDC_PROVIDER_UNAVAILABLE',
};

/** @throws AppError 404 */
function findProvider({ providers }: Oidc, name: string): Provider {
  const provider = providers.find((each) => each.name === name);
  if (!provider) throw notFound('provider');
  return provider;
}

/** Sends the browser to a page of the console. */
const redirect = ({ publicUrl }: Oidc, to: string, fragment: Record<string, string>, cookie?: string) =>
  reply(302, undefined, {
    Location: `${publicUrl}${to}#${new URLSearchParams(fragment).toString()}`,
    ...(cookie !== undefined && { 'Set-Cookie': cookie }),
  });

const listProviders = ({ oidc }: IdentityDeps) =>
  route({
    method: 'get',
    path: '/auth/oidc',
    aliases: authAliases('/oidc'),
    operation: 'auth.oidc.list',
    summary: 'List the providers that people may sign in with',
    allow: 'open',
    tenancy: 'global',
    responses: { 200: ProviderList },
    handle: () => ({ providers: oidc.providers.map(({ name, title }) => ({ name, title })) }),
  });

// No aliases: the address to which a provider sends the browser back is registered there.
const start = ({ oidc }: IdentityDeps) =>
  route({
    method: 'get',
    path: '/auth/oidc/{name}/start',
    operation: 'auth.oidc.start',
    errors: { 404: ['PROVIDER_NOT_FOUND'] },
    summary: 'Send the browser to a provider to sign in there',
    description:
      'For a browser, not for fetch. Sets a cookie of 10 minutes. When the provider is away, the browser goes back to `to` with #error=OIDC_PROVIDER_UNAVAILABLE.',
    allow: 'open',
    tenancy: 'global',
    cookies: attemptCookies,
    deadline: providerDeadline,
    params: ProviderParams,
    query: StartQuery,
    responses: { 302: null },
    handle: async ({ params, query: { to = defaultPage } }) => {
      const attempt = newAttempt(params.name, to);
      const address = await findProvider(oidc, params.name).begin(attempt);
      if (typeof address === 'string') return redirect(oidc, to, { error: errorOf[address] });
      return reply(302, undefined, { Location: address.href, 'Set-Cookie': oidc.attempts.remember(attempt) });
    },
  });

const callback = ({ oidc }: IdentityDeps) =>
  route({
    method: 'get',
    path: '/auth/oidc/{name}/callback',
    operation: 'auth.oidc.callback',
    errors: { 404: ['PROVIDER_NOT_FOUND'] },
    summary: 'Receive the browser from a provider',
    description:
      'Sends it back to the page it came from: with #code=…, or with #error= OIDC_NO_USER (and a code that accepts an invitation), OIDC_DENIED, OIDC_EXPIRED, OIDC_FAILED or OIDC_PROVIDER_UNAVAILABLE. No user is made.',
    allow: 'open',
    tenancy: 'global',
    cookies: attemptCookies,
    deadline: providerDeadline,
    params: ProviderParams,
    query: CallbackQuery,
    responses: { 302: null },
    handle: async ({ db, params, query, cookies }) => {
      const provider = findProvider(oidc, params.name);
      const attempt = oidc.attempts.recall(cookies, provider.name);
      const back = (outcome: Failure | 'expired' | 'no_user', code?: string) => {
        oidcReturns.add({ outcome });
        const fragment = { error: errorOf[outcome], ...(code !== undefined && { code }) };
        // A return that belongs to no attempt leaves the cookie to the attempt that it is of.
        return redirect(
          oidc,
          attempt?.to ?? defaultPage,
          fragment,
          outcome === 'expired' ? undefined : oidc.attempts.forget,
        );
      };
      if (!attempt || attempt.state !== query.state) return back('expired');
      const proven = await provider.complete(attempt, query);
      if (typeof proven === 'string') return back(proven);
      const { code, hasUser } = await db.transaction((tx) => recordReturn(tx, proven));
      if (!hasUser) return back('no_user', code);
      oidcReturns.add({ outcome: 'ok' });
      return redirect(oidc, attempt.to, { code }, oidc.attempts.forget);
    },
  });

const exchange = (deps: IdentityDeps) =>
  route({
    method: 'post',
    path: '/auth/oidc/exchange',
    aliases: authAliases('/oidc/exchange'),
    addressRateLimit: 'login',
    operation: 'auth.oidc.exchange',
    summary: 'Sign in with the code that a provider led to',
    description:
      'Takes the code of the fragment once, within 5 minutes. Joins the account of the provider to the user, if it is new, by the address that both verified.',
    allow: 'open',
    tenancy: 'global',
    idempotency: 'reject',
    body: CodeExchange,
    example: { code: 'of the fragment' },
    responses: { 200: SignInResponse },
    errors: { 401: [...signInErrors[401], 'OIDC_NO_USER'], 422: ['TOKEN_INVALID'] },
    transaction: 'own', // a code is spent by a failed attempt too, which must be committed
    handle: async ({ db, body, client_ip, user_agent, request_id }) => {
      const request = { ip: client_ip, device: user_agent, request_id };
      const result = await db.transaction(async (tx) => {
        const spent = await spendCode(tx, body.code);
        if (!spent) return 'invalid';
        const { user_id } = spent;
        return user_id === null ? 'no_user' : signInByIdentity(tx, deps.sessions, { ...spent, user_id }, request);
      });
      if (result === 'invalid') throw tokenInvalid('code');
      if (result === 'no_user') throw unauthenticated('No user signs in with this account', 'OIDC_NO_USER');
      if (!result) throw unauthenticated('The user cannot sign in');
      return toSignInResponse(deps, 'Signed in', result);
    },
  });

const remove = ({ oidc }: IdentityDeps) =>
  route({
    method: 'delete',
    path: '/auth/identities/{identity_id}',
    aliases: authAliases('/identities/{identity_id}'),
    operation: 'auth.identities.delete',
    errors: { 404: ['IDENTITY_NOT_FOUND'], 409: ['LAST_WAY_IN'] },
    summary: 'Remove an account of a provider from your user',
    description: 'Not the last way to sign in: a password, or an account of a provider that is configured.',
    allow: 'signed_in',
    tenancy: 'global',
    params: IdentityParams,
    responses: { 200: Message },
    handle: async ({ tx, actor, params }) => {
      const issuers = oidc.providers.map(({ issuer }) => issuer);
      await removeIdentity(tx, actor, params.identity_id, issuers);
      return { message: 'Identity removed' };
    },
  });
