import { isIP } from 'node:net';
import type { Request } from 'express';
import { passedCookies } from './cookies.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';

/**
 * The only client headers that reach a service. None of them carries identity. The allow-list drops unknown, repeated and
 * `_`-spelled names. `Authorization` is not forwarded, because services trust the identity headers set below. `Cookie` is for the routes
 * that declare cookies, and holds no others.
 */
const forwardedHeaders = [
  'accept',
  'accept-language',
  'content-type',
  'content-encoding',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'last-event-id',
  'range',
  'user-agent',
] as const;

/** Headers that delimit the body. Forwarded even when `Connection` lists them. */
const framingHeaders = ['content-length', 'transfer-encoding'] as const;

/** Writes an IPv4-mapped IPv6 address as IPv4 and drops the zone (`%eth0`), which is local to this machine. */
function normalizeAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const withoutZone = address.replace(/%.*$/, '');
  const normalized = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(withoutZone)?.[1] ?? withoutZone;
  return isIP(normalized) ? normalized : undefined;
}

/** The address that proxies forwarded, as far as TRUST_PROXY trusts them. */
const forwardedAddress = (req: Request) => (req.headers['x-forwarded-for'] === undefined ? undefined : req.ip);

/** The client's IP address. A forwarded value that is no address is ignored. Found once for a request. */
export const clientAddress = (req: Request, res: GatewayResponse): string =>
  (res.locals.address ??=
    normalizeAddress(forwardedAddress(req)) ?? normalizeAddress(req.socket.remoteAddress) ?? '0.0.0.0');

/**
 * Replaces the request's headers by the client's forwarded ones and the gateway's own. Changes the request itself, because
 * the proxy library does not call its header hook for every request.
 */
export const setIdentityHeaders =
  (serviceKey: string): Middleware =>
  (req, res, next) => {
    const { context } = res.locals;
    const { headers } = req;
    const outgoing: Record<string, string | string[] | undefined> = {};
    const connection = headers.connection?.toLowerCase() ?? '';
    for (const name of framingHeaders) if (headers[name] !== undefined) outgoing[name] = headers[name];
    for (const name of forwardedHeaders) {
      const isHopByHop = connection.includes(name) && connection.split(/[\s,]+/).includes(name);
      if (headers[name] !== undefined && !isHopByHop) outgoing[name] = headers[name];
    }
    const cookies = context.route?.cookies && passedCookies(headers.cookie, context.route.cookies);
    if (cookies) outgoing['cookie'] = cookies;
    outgoing['x-request-id'] = context.request_id;
    outgoing['x-client-ip'] = clientAddress(req, res);
    outgoing['x-service-key'] = serviceKey;
    const { actor } = context;
    if (actor) {
      if ('key_id' in actor) {
        outgoing['x-key-id'] = actor.key_id;
        outgoing['x-permissions'] = actor.permissions;
      } else {
        outgoing['x-user-id'] = actor.id;
        outgoing['x-session-id'] = actor.session_id;
      }
      outgoing['x-user-role'] = actor.role;
      if (actor.company_id !== undefined) outgoing['x-company-id'] = actor.company_id;
    }
    req.headers = outgoing;
    req.rawHeaders = [];
    next();
  };
