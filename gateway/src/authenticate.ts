import { hash } from 'node:crypto';
import { roles, type Role } from '@clientela/contracts';
import { AppError, unauthenticated, unavailable } from '@clientela/errors';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { KeyRing } from './key-ring.ts';
import type { Limits } from './limits.ts';
import type { Revocations } from './revocations.ts';
import type { Door } from './visit.ts';

/** Who a verified token speaks for. */
export type Caller = { user_id: string; session_id: string; role: Role; company_id: string | undefined };

const common = {
  typ: z.literal('at+jwt'),
  // We understand no extension, so one that must be understood is refused.
  crit: z.undefined().optional(),
};
const kid = z.string().min(1).max(128);
/** One algorithm at a time, and the configuration says which: never the token. */
const headers = {
  ES256: z.object({ ...common, alg: z.literal('ES256'), kid }),
  HS256: z.object({ ...common, alg: z.literal('HS256'), kid: kid.default('shared') }),
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
  })
  .refine((claims) => (claims.role === 'superuser') === (claims.company_id === undefined));

type Remembered = { caller: Caller; kid: string; iat: number; exp: number };

export type Tokens = {
  /** Whether keys and revocations are there: without them nobody knows what a token is worth. */
  ready: () => boolean;
  verify: (token: string) => Promise<Caller | undefined>;
};

/** Verifies access tokens; one that was good is remembered until it ends, is revoked, or auth withdraws its key. */
export function createTokens(ring: KeyRing, revocations: Revocations, limits: Limits): Tokens {
  const remembered = new Map<string, Remembered>();
  const now = () => Date.now() / 1000;

  const check = async (token: string): Promise<Remembered | undefined> => {
    const header = headers[ring.algorithm].safeParse(headerOf(token)).data;
    const key = header && (await ring.find(header.kid));
    if (!key) return undefined;
    try {
      const payload = jwt.verify(token, key, {
        algorithms: [ring.algorithm],
        issuer: 'clientela',
        audience: 'clientela',
        clockTolerance: limits.clock_tolerance,
      });
      const claims = Claims.safeParse(payload).data;
      if (!claims || claims.iat > now() + limits.clock_tolerance) return undefined;
      const { sub, sid, role, company_id, iat, exp } = claims;
      return { caller: { user_id: sub, session_id: sid, role, company_id }, kid: header.kid, iat, exp };
    } catch {
      return undefined;
    }
  };

  const verify = async (token: string): Promise<Caller | undefined> => {
    if (token.length > limits.token) return undefined;
    const name = hash('sha256', token, 'base64');
    let known = remembered.get(name);
    if (!known) {
      known = await check(token);
      if (!known) return undefined;
      const oldest = remembered.size >= limits.remembered_tokens ? remembered.keys().next().value : undefined;
      if (oldest !== undefined) remembered.delete(oldest);
      remembered.set(name, known);
    }
    const current = known.exp + limits.clock_tolerance > now() && ring.get(known.kid) !== undefined;
    if (current && !revocations.revoked(known.caller, known.iat)) return known.caller;
    remembered.delete(name);
    return undefined;
  };

  return { ready: () => ring.ready() && revocations.ready(), verify };
}

/** The token's first part, unproven: it only chooses the key. */
function headerOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
  } catch {
    return undefined;
  }
}

const invalidToken = () =>
  new AppError('unauthenticated', {
    detail: 'The access token is not valid, or no longer; sign in again',
    headers: { 'WWW-Authenticate': 'Bearer realm="clientela", error="invalid_token"' },
  });

/** 401 at closed routes without a good token. An open route stays open whatever token comes along; a bad one counts as none. */
export const authenticate =
  (tokens: Tokens): Door =>
  async (req, res, next) => {
    const { visit } = res.locals;
    const open = visit.route?.open === true;
    const [, token] = /^bearer +([^\s]+) *$/i.exec(req.headers.authorization ?? '') ?? [];
    if (token !== undefined && tokens.ready()) visit.caller = await tokens.verify(token);
    if (visit.caller || open) return next();
    if (token === undefined) throw unauthenticated();
    // Nobody knows yet whether the token is good: a 401 would make the client throw it away.
    if (!tokens.ready()) throw unavailable('The gateway cannot verify tokens yet', { retryAfter: 1 });
    throw invalidToken();
  };
