import type { Request } from 'express';
import { connectionHeader } from './body.ts';
import { passedSetCookies } from './cookies.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import type { UpstreamResponse } from './transports/transport.ts';

export type Header = readonly [name: string, value: string];

/** Headers of every response. A service, or a route of the gateway, replaces the policy or the caching of its own responses. */
export const securityHeaders: readonly Header[] = [
  ['Content-Security-Policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
  ['Strict-Transport-Security', 'max-age=31536000'], // not of subdomains, which may be someone else's
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cache-Control', 'no-store'], // nearly every response contains personal data
];

/** Headers that the middleware sets for whatever response follows, a problem document among them. */
const keptHeaders = new Set([
  ...securityHeaders.map(([name]) => name.toLowerCase()),
  'access-control-allow-origin',
  'access-control-expose-headers',
  'vary',
]);

/** Whether a header that is set stays when a problem document replaces the response. */
export const isKeptHeader = (name: string): boolean => keptHeaders.has(name) || /^(?:x-)?ratelimit/.test(name);

/** Sets the headers of every response. */
export const setResponseHeaders =
  (headersFor: (origin: string | undefined) => readonly Header[]): Middleware =>
  (req, res, next) => {
    for (const [name, value] of headersFor(req.headers.origin)) res.setHeader(name, value);
    next();
  };

/** Response headers that are internal to a service, belong to its connection with the gateway, or are the gateway's to set. */
const droppedHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'referrer-policy',
  'server',
  'set-cookie',
  'strict-transport-security',
  'te',
  'trailer',
  'upgrade',
  'via',
  'x-client-ip',
  'x-company-id',
  'x-frame-options',
  'x-key-id',
  'x-permissions',
  'x-powered-by',
  'x-request-id',
  'x-service-key',
  'x-session-id',
  'x-user-id',
  'x-user-role',
]);
const droppedPrefixes = ['access-control-', 'x-internal-'];

const isDropped = (name: string): boolean =>
  droppedHeaders.has(name) || droppedPrefixes.some((prefix) => name.startsWith(prefix));

const droppedNames = new Map<string, boolean>();
const maxRememberedNames = 200;

/** Whether a header never reaches a client. Remembers the answer, because services send few names. */
function isDroppedName(name: string): boolean {
  const known = droppedNames.get(name);
  if (known !== undefined) return known;
  const result = isDropped(name);
  if (droppedNames.size < maxRememberedNames) droppedNames.set(name, result);
  return result;
}

/**
 * Copies status and headers of a service's response, but internal and hop-by-hop ones. Node frames the body itself: in chunks when it
 * has no length.
 */
export function copyResponseHead({ statusCode, headers }: UpstreamResponse, req: Request, res: GatewayResponse): void {
  const { connection } = headers;
  const passed = res.locals.context.route?.cookies;
  const hopByHop =
    connection === undefined || connection === 'keep-alive'
      ? []
      : String(connection)
          .toLowerCase()
          .split(/[\s,]+/);
  res.statusCode = statusCode;
  res.statusMessage = '';
  for (const name in headers) {
    const value = headers[name];
    if (name === 'set-cookie' && passed !== undefined) {
      const cookies = passedSetCookies(value, passed);
      if (cookies.length > 0) res.setHeader(name, cookies);
      continue;
    }
    if (value === undefined || name === 'transfer-encoding' || isDroppedName(name) || hopByHop.includes(name)) continue;
    if (name === 'vary' && res.hasHeader('Vary')) res.setHeader('vary', `${String(value)}, Origin`);
    // A service's own limits stand beside the gateway's.
    else if (isRateLimit(name) && res.hasHeader(name))
      res.setHeader(name, [res.getHeader(name), value].flat().join(', '));
    else res.setHeader(name, value);
  }
  // The client's connection is independent of the service's.
  res.setHeader('Connection', connectionHeader(req, res));
}

const isRateLimit = (name: string) => name === 'ratelimit' || name === 'ratelimit-policy';
