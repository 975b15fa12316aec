import { isIP } from 'node:net';
import type { Request } from 'express';
import type { Door } from './visit.ts';

/**
 * The only headers of a caller that reach a service. A list of what may pass, not of what may not: a name that is spelled
 * with `_`, doubled, new, or unknown to us never gets through, and nothing that carries identity is on it.
 * `Authorization` ends here too: services know callers by the identity headers below.
 */
const endToEnd = [
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

/** They say where the body ends, so they follow the body whatever `Connection` names. */
const framing = ['content-length', 'transfer-encoding'] as const;

/** IPv4 seen through an IPv6 socket is written as IPv4; a zone (`%eth0`) says nothing outside this machine. */
function plainAddress(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const bare = address.replace(/%.*$/, '');
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare;
  return isIP(plain) ? plain : undefined;
}

/** Where the caller sits. `req.ip` follows TRUST_PROXY; what a proxy wrote there and is no address is not believed. */
export const clientAddress = (req: Request): string =>
  plainAddress(req.ip) ?? plainAddress(req.socket.remoteAddress) ?? '0.0.0.0';

/**
 * Replaces the request's headers by the caller's end-to-end ones and ours. This happens before the proxy and on the request
 * itself, because the proxy's own hook for it is not called for every request.
 */
export const identity =
  (service_key: string): Door =>
  (req, res, next) => {
    const { visit } = res.locals;
    const { headers } = req;
    const onward: Record<string, string | string[] | undefined> = {};
    const dropped = headers.connection?.toLowerCase() ?? '';
    for (const name of framing) if (headers[name] !== undefined) onward[name] = headers[name];
    for (const name of endToEnd) {
      if (headers[name] === undefined || (dropped.includes(name) && dropped.split(/[\s,]+/).includes(name))) continue;
      onward[name] = headers[name];
    }
    onward['x-request-id'] = visit.request_id;
    onward['x-client-ip'] = clientAddress(req);
    onward['x-service-key'] = service_key;
    if (visit.caller) {
      onward['x-user-id'] = visit.caller.user_id;
      onward['x-user-role'] = visit.caller.role;
      onward['x-session-id'] = visit.caller.session_id;
      if (visit.caller.company_id !== undefined) onward['x-company-id'] = visit.caller.company_id;
    }
    req.headers = onward;
    req.rawHeaders = [];
    next();
  };
