import { createConcurrencyLimiter, type Log } from '@clientela/runtime';
import { text } from '@clientela/validation';
import * as openid from 'openid-client';
import { readAddress } from './rules.ts';
import type { ProviderSettings } from './settings.ts';

/** What is remembered of a sign-in while the browser is at the provider. */
export type SignInChecks = { state: string; nonce: string; code_verifier: string };

/** The parameters with which a provider sends the browser back. */
export type AuthorizationResponse = Readonly<Partial<Record<'code' | 'state' | 'iss' | 'error', string | undefined>>>;

/** Who signed in at the provider. `email` is set when the provider says that it verified the address. */
export type ProvenIdentity = {
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
  name: string | null;
};

/** `denied`: the person or the provider refused. `failed`: the response is not to be trusted. `unavailable`: the provider is away. */
export type Failure = 'denied' | 'failed' | 'unavailable';

export type Provider = {
  name: string;
  title: string;
  issuer: string;
  /** Returns the address at which the browser signs in, or why there is none. */
  begin: (checks: SignInChecks) => Promise<URL | Failure>;
  /** Exchanges the authorization response for the identity that it proves. */
  complete: (checks: SignInChecks, response: AuthorizationResponse) => Promise<ProvenIdentity | Failure>;
};

export type ProviderLimits = {
  /** Seconds for each request to a provider. */
  timeout: number;
  /** Milliseconds for which the metadata of a provider is used without asking again. */
  metadataLifetime: number;
  /** Milliseconds until a provider that was away is asked again. */
  retryAfter: number;
  /** Sign-ins that wait for a provider at a time. Further ones fail at once, so that one that hangs holds nothing else up. */
  concurrency: number;
  /** Bytes of a response. */
  maxBody: number;
};
const defaultLimits: ProviderLimits = {
  timeout: 3,
  metadataLifetime: 3_600_000,
  retryAfter: 2000,
  concurrency: 32,
  maxBody: 1024 * 1024,
};

/** Milliseconds for a route that makes four requests to a provider: metadata, token, keys and user information. */
export const providerDeadline = 15_000;

/** `MY_COMPANY` is shown as `My Company`. */
const titleOf = (name: string) =>
  name.replaceAll(
    /(?:^|_)([a-z0-9])/g,
    (match, first: string) => `${match.length > 1 ? ' ' : ''}${first.toUpperCase()}`,
  );

const busy = 'Too many sign-ins wait for the provider';

/** Whether the provider is away, or too slow. */
const isUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const { code, cause, message } = error as Error & { code?: string };
  if (error instanceof openid.AuthorizationResponseError)
    return ['server_error', 'temporarily_unavailable'].includes(error.error);
  if (error instanceof TypeError) return code === undefined; // of fetch; those of wrong arguments have a code
  const status =
    cause instanceof Response ? cause.status : error instanceof openid.ResponseBodyError ? error.status : 0;
  return status >= 500 || status === 429 || code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT' || message === busy;
};

/** Sends a request without following redirects, and reads a bounded body. */
const fetchBounded =
  (maxBody: number): openid.CustomFetch =>
  async (url, options) => {
    const response = await fetch(url, { ...options, body: options.body ?? null, redirect: 'manual' });
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maxBody) throw new TypeError('The response of the provider is too long');
      chunks.push(chunk);
    }
    const { status, statusText, headers } = response;
    return new Response(length > 0 ? Buffer.concat(chunks) : null, { status, statusText, headers });
  };

/** Sends the secret in Authorization, the default of the standard, or in the body to a provider that takes it there only. */
const authenticateClient = (secret: string): openid.ClientAuth => {
  const [basic, post] = [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...rest);
  };
};

/**
 * Opens a provider of sign-ins. Nothing is sent before the first sign-in.
 * @param redirectUri the registered address to which it sends the browser back
 */
export function openProvider(
  settings: ProviderSettings,
  redirectUri: string,
  log: Log,
  limits: Partial<ProviderLimits> = {},
): Provider {
  const { timeout, metadataLifetime, retryAfter, concurrency, maxBody } = { ...defaultLimits, ...limits };
  const { name, issuer, client_id, client_secret } = settings;
  const limit = createConcurrencyLimiter({ concurrency, maxQueued: 0, rejection: () => new Error(busy) });

  const discover = () =>
    openid.discovery(new URL(issuer), client_id, client_secret, authenticateClient(client_secret), {
      timeout,
      [openid.customFetch]: fetchBounded(maxBody),
      execute: [
        openid.enableNonRepudiationChecks, // verifies the signatures of ID tokens, also where TLS vouches for them
        ...(issuer.startsWith('http:') ? [openid.allowInsecureRequests] : []),
      ],
    });
  const configuration = cached(discover, metadataLifetime, retryAfter);

  const attempt = async <T>(work: (config: openid.Configuration) => Promise<T>): Promise<T | Failure> => {
    try {
      return await limit(async () => work(await configuration()));
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== 'denied')
        log.warn({ provider: name, failure, ...codesOf(error) }, 'sign-in by a provider failed');
      return failure;
    }
  };

  return {
    name,
    title: titleOf(name),
    issuer,
    begin: (checks) =>
      attempt(async (config) =>
        openid.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: 'openid email profile',
          state: checks.state,
          nonce: checks.nonce,
          code_challenge: await openid.calculatePKCECodeChallenge(checks.code_verifier),
          code_challenge_method: 'S256',
        }),
      ),
    complete: (checks, response) =>
      attempt(async (config) => {
        const url = new URL(redirectUri);
        for (const [key, value] of Object.entries(response)) if (value !== undefined) url.searchParams.set(key, value);
        const tokens = await openid.authorizationCodeGrant(config, url, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.code_verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims() as openid.IDToken;
        const hasUserInfo = config.serverMetadata().userinfo_endpoint !== undefined;
        const details =
          claims['email'] === undefined && hasUserInfo
            ? await openid.fetchUserInfo(config, tokens.access_token, claims.sub)
            : claims;
        return toIdentity(settings, claims, details);
      }),
  };
}

function failureOf(error: unknown): Failure {
  if (isUnavailable(error)) return 'unavailable';
  return error instanceof openid.AuthorizationResponseError && error.error === 'access_denied' ? 'denied' : 'failed';
}

/** What a log may say of an error: codes, and nothing that a response holds. */
function codesOf(error: unknown): object {
  const { code, error: oauthError } = error as { code?: unknown; error?: unknown };
  return {
    ...(typeof code === 'string' && { code }),
    ...(typeof oauthError === 'string' && /^[a-z_]{1,40}$/.test(oauthError) && { provider_error: oauthError }),
  };
}

const MAX_SUBJECT = 255; // OpenID Connect Core 1.0, 2

function toIdentity(
  { name: provider, issuer }: ProviderSettings,
  claims: openid.IDToken,
  details: openid.IDToken | openid.UserInfoResponse,
): ProvenIdentity {
  // A provider of many tenants signs for each by its own name, and any tenant could say any address.
  if (new URL(claims.iss).href !== issuer || claims.sub.length > MAX_SUBJECT) throw new Error('the issuer differs');
  const isVerified = details['email_verified'] === true || details['email_verified'] === 'true';
  const name = text(255).safeParse(details['name']).data;
  return {
    provider,
    issuer,
    subject: claims.sub,
    email: isVerified ? readAddress(details['email']) : null,
    name: name === undefined || name === '' ? null : name,
  };
}

/**
 * Remembers a result. Renews it in the background once it is old; concurrent callers share one request, and after a failure nothing is
 * asked for a while.
 */
function cached<T>(load: () => Promise<T>, lifetime: number, retryAfter: number): () => Promise<T> {
  let known: { value: T; until: number } | undefined;
  let pending: Promise<T> | undefined;
  let failed: { error: unknown; until: number } | undefined;

  const refresh = (): Promise<T> => {
    pending ??= load()
      .then(
        (value) => {
          known = { value, until: performance.now() + lifetime };
          failed = undefined;
          return value;
        },
        (error: unknown) => {
          failed = { error, until: performance.now() + retryAfter };
          throw error;
        },
      )
      .finally(() => (pending = undefined));
    return pending;
  };

  return async () => {
    const isResting = failed !== undefined && performance.now() < failed.until;
    if (known) {
      if (performance.now() >= known.until && !isResting) refresh().catch(() => {});
      return known.value;
    }
    if (isResting && failed) throw failed.error;
    return refresh();
  };
}
