import { apiKeyStart, roles, type Role, type TokenLimit } from '@clientela/contracts';
import { AppError, forbidden, unauthenticated, unavailable } from '@clientela/errors';
import type { Request } from 'express';
import jwt from 'jsonwebtoken';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { ApiKeys } from './api-keys.ts';
import { clientAddress } from './identity-headers.ts';
import type { VerificationKeys } from './jwks.ts';
import type { Limits } from './limits.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import type { Revocations } from './revocations.ts';

/** The user on whose behalf a request runs, from the claims of its verified token. */
type UserActor = {
  id: string;
  session_id: string;
  role: Role;
  company_id: string | undefined;
  /** What the user has to do before anything else. */
  limited?: string | undefined;
};
/** The API key that a request presents. `id` is `key:<key_id>`; `permissions` are separated by commas. */
export type KeyActor = {
  id: string;
  key_id: string;
  role: Role;
  company_id: string;
  permissions: string;
  /** A lower limit than that of users; null for none. */
  rate_per_minute: number | null;
};
export type Actor = UserActor | KeyActor;

const commonHeader = {
  typ: z.literal('at+jwt'),
  // RFC 7515, 4.1.11: rejects critical extensions, because none is supported.
  crit: z.undefined().optional(),
};
const kid = z.string().min(1).max(128);
/** Accepts the one algorithm that the configuration names; the token never chooses it. */
const headers = {
  ES256: z.object({ ...commonHeader, alg: z.literal('ES256'), kid }),
  HS256: z.object({ ...commonHeader, alg: z.literal('HS256'), kid: kid.default('shared') }),
};

const Claims = z
  .object({
    iss: z.literal('clientela'),
    aud: z.literal('clientela'),
    exp: z.int().positive(),
    iat: z.int().positive(),
    jti: z.string().min(1).max(128),
    sub: z.uuid(),
    sid: z.uuid(),
    role: z.enum(roles),
    company_id: z.uuid().optional(),
    limited: z.string().min(1).max(32).optional(),
  })
  .refine((claims) => (claims.role === 'superuser') === (claims.company_id === undefined));

type CachedToken = { actor: UserActor; kid: string; iat: number; exp: number };

export type TokenVerifier = {
  /** Whether keys and revocations are loaded. Before that no token can be accepted or rejected. */
  ready: () => boolean;
  verify: (token: string) => Actor | undefined | Promise<Actor | undefined>;
};

/** Verifies access tokens. Caches a valid one until it expires, is revoked, or auth withdraws its key. */
export function createTokenVerifier(keys: VerificationKeys, revocations: Revocations, limits: Limits): TokenVerifier {
  const tokenCache = new LRUCache<string, CachedToken>({ max: limits.tokenCacheSize });
  const now = () => Date.now() / 1000;

  const check = async (token: string): Promise<CachedToken | undefined> => {
    const header = headers[keys.algorithm].safeParse(headerOf(token)).data;
    const key = header && (await keys.find(header.kid));
    if (!key) return undefined;
    try {
      const payload = jwt.verify(token, key, {
        algorithms: [keys.algorithm],
        issuer: 'clientela',
        audience: 'clientela',
        clockTolerance: limits.clockToleranceSeconds,
      });
      const claims = Claims.safeParse(payload).data;
      if (!claims || claims.iat > now() + limits.clockToleranceSeconds) return undefined;
      const { sub, sid, role, company_id, limited, iat, exp } = claims;
      const actor = { id: sub, session_id: sid, role, company_id, ...(limited !== undefined && { limited }) };
      return { actor, kid: header.kid, iat, exp };
    } catch {
      return undefined;
    }
  };

  const actorOf = (token: string, cached: CachedToken): Actor | undefined => {
    const isCurrent = cached.exp + limits.clockToleranceSeconds > now() && keys.get(cached.kid) !== undefined;
    if (isCurrent && !revocations.isRevoked(cached.actor, cached.iat)) return cached.actor;
    tokenCache.delete(token);
    return undefined;
  };
  const verifyNew = async (token: string): Promise<Actor | undefined> => {
    const checked = await check(token);
    if (!checked) return undefined;
    tokenCache.set(token, checked);
    return actorOf(token, checked);
  };
  const verify: TokenVerifier['verify'] = (token) => {
    if (token.length > limits.maxTokenLength) return undefined;
    const cached = tokenCache.get(token);
    return cached ? actorOf(token, cached) : verifyNew(token);
  };

  return { ready: () => keys.ready() && revocations.ready(), verify };
}

/** Reads a token's unverified header, which only selects the key. */
function headerOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
  } catch {
    return undefined;
  }
}

const invalidToken = () =>
  new AppError('unauthenticated', {
    detail: 'Invalid or expired access token',
    headers: { 'WWW-Authenticate': 'Bearer realm="clientela", error="invalid_token"' },
  });

/** The access token or API key that a request presents, verified or not. Read once for a request. */
export const bearerTokenOf = (req: Request, res: GatewayResponse): string | undefined =>
  (res.locals.bearerToken ??= /^bearer +([^\s]+) *$/i.exec(req.headers.authorization ?? '')?.[1] ?? '') || undefined;

type Verifiers = {
  tokens: TokenVerifier;
  apiKeys: ApiKeys;
  revocations: Pick<Revocations, 'isInactive'>;
  /** Whether the client's address is beyond its limit, so that an unknown API key is not looked up. */
  isLimited: (req: Request, res: GatewayResponse) => boolean;
};

/** Finds the user of a valid token, or the API key. Open routes ignore an invalid one. */
export const authenticate =
  ({ tokens, apiKeys, revocations, isLimited }: Verifiers): Middleware =>
  async (req, res, next) => {
    const token = bearerTokenOf(req, res);
    const { context } = res.locals;
    if (token !== undefined && tokens.ready()) {
      if (!token.startsWith(apiKeyStart)) context.actor = await tokens.verify(token);
      else {
        try {
          const client = { address: clientAddress(req, res), mayAsk: () => !isLimited(req, res) };
          const actor = await apiKeys.verify(token, client);
          if (!revocations.isInactive(actor.company_id)) context.actor = actor;
        } catch (error) {
          context.rejection = error;
        }
      }
    }
    // The client disconnected meanwhile: no event would release what later middleware counts and starts.
    if (!res.closed) next();
  };

const limitedTokens: Readonly<Record<string, readonly [error_code: string, detail: string]>> = {
  verify_email: ['EMAIL_NOT_VERIFIED', 'Verify your e-mail address first'],
  mfa_setup: ['MFA_SETUP_REQUIRED', 'Your company requires a second factor: set it up first, then refresh the tokens'],
} satisfies Record<TokenLimit, readonly [string, string]>;

/** 403 for a token that is limited to other routes, also by a limit that this gateway does not know. */
function limitedToken(limit: string): AppError {
  const [error_code, detail] = Object.hasOwn(limitedTokens, limit) ? (limitedTokens[limit] ?? []) : [];
  return forbidden(detail ?? 'This token is limited to other routes', error_code);
}

/** Rejects requests to protected routes without a valid token, or with one that is limited to other routes. */
export const requireActor =
  (tokens: TokenVerifier): Middleware =>
  (req, res, next) => {
    const { context } = res.locals;
    const { actor, route } = context;
    if (route?.open === true) return next();
    if (actor && 'limited' in actor && actor.limited !== undefined && !route?.limited?.includes(actor.limited))
      throw limitedToken(actor.limited);
    if (actor) return next();
    if (bearerTokenOf(req, res) === undefined) throw unauthenticated();
    // Not a 401: the token may be valid, and a 401 would make the client discard it.
    if (!tokens.ready()) throw unavailable('The gateway cannot verify tokens yet', { retryAfter: 1 });
    throw context.rejection ?? invalidToken();
  };
