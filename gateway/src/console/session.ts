import { AppError, forbidden, unavailable } from '@clientela/errors';
import { jsonText, traceparent } from '@clientela/runtime';
import type { Request } from 'express';
import { z } from 'zod';
import { type Actor, type TokenVerifier } from '../authenticate.ts';
import { tooLarge } from '../body.ts';
import { clientAddress } from '../identity-headers.ts';
import type { FetchFromService } from '../replicas.ts';
import type { GatewayResponse, Middleware } from '../request-context.ts';
import type { Route, Upstream } from '../upstreams.ts';

// The session of the console (docs/adr/0050): the page has the access token in memory, and the browser the refresh token in a cookie
// that no script can read. Auth does the work; these routes keep the refresh token from its responses.

/** The routes of the session, each with the route of auth that does its work. */
const targets: Readonly<Record<string, string>> = {
  'POST /console/session': '/auth/login',
  'POST /console/session/mfa': '/auth/login/mfa',
  'POST /console/session/invitation': '/auth/invitations/accept',
  'POST /console/session/oidc': '/auth/oidc/exchange',
  'POST /console/session/refresh': '/auth/refresh',
  'DELETE /console/session': '/auth/logout',
};
const maxBody = 16 * 1024;

export const isSessionPath = (path: string): boolean =>
  path === '/console/session' || path.startsWith('/console/session/');

/** Adds the routes of the session whose route of auth exists, with the limits of that one. */
export const withSessionRoutes = (upstreams: readonly Upstream[]): Upstream[] =>
  upstreams.map((upstream) => {
    if (upstream.service !== 'auth') return upstream;
    const added = Object.entries(targets).flatMap(([key, target]): Route[] => {
      const [method, template = ''] = key.split(' ');
      const route = upstream.routes.find((each) => each.method === 'POST' && each.template === target);
      if (!route) return [];
      return [{ ...route, method: method as 'POST' | 'DELETE', template, open: true, body_limit: maxBody }];
    });
    return { ...upstream, routes: [...upstream.routes, ...added] };
  });

/**
 * Admits only requests that a page of this origin makes with `fetch`: a form of another origin can send neither the header nor the type.
 * @throws AppError 403, 415
 */
export function assertSameOrigin({ headers }: Request): void {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isSame =
    site === undefined
      ? origin !== undefined && URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase()
      : site === 'same-origin';
  if (!isSame) throw forbidden('The request does not come from a page of this origin');
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? ''))
    throw new AppError('unsupported_media_type', { detail: 'The content type must be application/json' });
}

const maxAgeSeconds = 30 * 24 * 3600; // auth ends the session earlier
/** With an idle time, a browser that was closed forgets the session too (ADR 51). A page in use renews the cookie every 5 minutes. */
const idleAgeSeconds = (idleMinutes: number) => (idleMinutes + 10) * 60;

/** Whether the browser's connection is encrypted: what a trusted proxy says, else the scheme of the page. */
const isEncrypted = (req: Request): boolean => req.secure || req.headers.origin?.startsWith('https:') === true;
/** With `__Host-` browsers take it only encrypted, from this host itself, for all paths; services never get it. */
const cookieName = (req: Request) => (isEncrypted(req) ? '__Host-clientela' : 'clientela');
const cookieOf = (req: Request, value: string, maxAge: number): string =>
  `${cookieName(req)}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${isEncrypted(req) ? '; Secure' : ''}`;

function readCookie(req: Request): string | undefined {
  const start = `${cookieName(req)}=`;
  const cookie = req.headers.cookie?.split(/; */).find((each) => each.startsWith(start));
  const value = cookie?.slice(start.length) ?? '';
  return /^[\w.~-]{1,500}$/.test(value) ? value : undefined;
}

const keptHeaders = ['retry-after', 'www-authenticate', 'ratelimit', 'ratelimit-policy'];
const SignedIn = z.looseObject({ access_token: z.string(), refresh_token: z.string().regex(/^[\w.~-]{1,500}$/) });

const badResponse = (cause?: unknown) =>
  new AppError('bad_gateway', { detail: 'The auth service gave no complete response', cause });

type SessionDeps = {
  fetchFromAuth: FetchFromService;
  serviceKey: string;
  tokens: TokenVerifier;
  idleMinutes: number | null;
};

/** Handles the routes of `withSessionRoutes`, after every limit that applies to them; passes on all others. */
export function consoleSession({ fetchFromAuth, serviceKey, tokens, idleMinutes }: SessionDeps): Middleware {
  /** @throws AppError 502, 503, 504 */
  const ask = async (req: Request, res: GatewayResponse, path: string, body: string, actor?: Actor) => {
    const { context } = res.locals;
    const deadline = context.route?.deadline ?? 10_000;
    const left = Math.max(1, Math.ceil(context.started + deadline - performance.now()));
    const { accept = 'application/json' } = req.headers;
    const [language, agent] = [req.headers['accept-language'], req.headers['user-agent']];
    try {
      const response = await fetchFromAuth(path, {
        method: 'POST',
        headers: {
          accept,
          'content-type': 'application/json',
          ...(language !== undefined && { 'accept-language': language }),
          ...(agent !== undefined && { 'user-agent': agent }),
          ...(context.span && { traceparent: traceparent(context.span) as string }),
          'x-request-id': context.request_id,
          'x-request-timeout': String(left),
          'x-client-ip': clientAddress(req, res),
          'x-service-key': serviceKey,
          ...(actor && identityOf(actor)),
        },
        body,
        signal: AbortSignal.timeout(left),
      });
      return { response, text: await response.text() };
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'TimeoutError')
        throw new AppError('upstream_timeout', { detail: 'The auth service did not respond in time', cause });
      throw unavailable('The auth service is unavailable', { retryAfter: 2, cause });
    }
  };

  const send = (res: GatewayResponse, { response, text }: { response: Response; text: string }) => {
    for (const name of keptHeaders) {
      const value = response.headers.get(name);
      if (value === null) continue;
      // Auth's own limits stand beside the gateway's.
      res.setHeader(name, name.startsWith('ratelimit') ? [res.getHeader(name) ?? [], value].flat().join(', ') : value);
    }
    res.setHeader('Content-Type', response.headers.get('content-type') ?? 'application/json');
    res.status(response.status).end(text);
  };

  const maxAge = idleMinutes === null ? maxAgeSeconds : idleAgeSeconds(idleMinutes);

  /** Moves the refresh token from the body to the cookie, and says after how many idle minutes the page signs out. */
  const signIn = (req: Request, res: GatewayResponse, text: string) => {
    const { refresh_token, ...rest } = parse(text);
    res.append('Set-Cookie', cookieOf(req, refresh_token, maxAge));
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.status(200).end(jsonText({ ...rest, idle_minutes: idleMinutes }));
  };

  const refresh = async (req: Request, res: GatewayResponse) => {
    const token = readCookie(req);
    if (token === undefined) {
      res.setHeader('Content-Type', 'application/json; charset=utf-8');
      return void res.status(200).end(jsonText({ message: 'Not signed in', access_token: null }));
    }
    const result = await ask(req, res, '/auth/refresh', JSON.stringify({ refresh_token: token }));
    if (result.response.ok) return signIn(req, res, result.text);
    if (result.response.status === 401) res.append('Set-Cookie', cookieOf(req, '', 0));
    send(res, result);
  };

  const signOut = async (req: Request, res: GatewayResponse) => {
    const token = readCookie(req);
    res.append('Set-Cookie', cookieOf(req, '', 0));
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    const end = (hasEnded: boolean): void =>
      void res.status(200).end(jsonText({ message: 'Signed out', session_ended: hasEnded }));
    if (token === undefined) return end(true);
    try {
      // The refresh token names the session; only its access token ends it.
      const renewed = await ask(req, res, '/auth/refresh', JSON.stringify({ refresh_token: token }));
      if (!renewed.response.ok) return end(renewed.response.status === 401);
      const actor = await tokens.verify(parse(renewed.text).access_token);
      const ended = actor && (await ask(req, res, '/auth/logout', '', actor));
      return end(ended?.response.ok === true);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      res.locals.context.failure = error.error_code;
      end(false); // this browser is signed out all the same
    }
  };

  return async (req, res, next) => {
    const { template = '' } = res.locals.context;
    const target = isSessionPath(template) ? targets[`${req.method} ${template}`] : undefined;
    if (target === undefined) return next();
    if (req.method === 'DELETE') return signOut(req, res);
    const body = (req.read() as Buffer | null) ?? Buffer.alloc(0);
    if (body.length > maxBody || !req.complete) throw tooLarge(maxBody);
    if (target === '/auth/refresh') return refresh(req, res);
    const result = await ask(req, res, target, body.toString());
    if (result.response.status === 200) signIn(req, res, result.text);
    else send(res, result);
  };
}

function parse(text: string): z.infer<typeof SignedIn> {
  try {
    return SignedIn.parse(JSON.parse(text));
  } catch (cause) {
    throw badResponse(cause);
  }
}

function identityOf(actor: Actor): Record<string, string> {
  if (!('session_id' in actor)) return {};
  return {
    'x-user-id': actor.id,
    'x-session-id': actor.session_id,
    'x-user-role': actor.role,
    ...(actor.company_id !== undefined && { 'x-company-id': actor.company_id }),
  };
}
