import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { connectionHeader } from './body.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';

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

/** Removes internal and hop-by-hop headers from a service's response, before the proxy copies it. */
export function filterResponseHeaders(upstreamResponse: IncomingMessage, req: Request, res: GatewayResponse): void {
  const { headers } = upstreamResponse;
  const hopByHop = headers.connection === undefined ? [] : headers.connection.toLowerCase().split(/[\s,]+/);
  for (const name in headers) {
    if (isDropped(name) || hopByHop.includes(name)) delete headers[name];
  }
  if (headers.vary !== undefined && res.hasHeader('Vary')) headers.vary = `${headers.vary}, Origin`;
  // A service's own limits stand beside the gateway's.
  for (const name of ['ratelimit', 'ratelimit-policy']) {
    if (headers[name] !== undefined && res.hasHeader(name))
      headers[name] = [res.getHeader(name), headers[name]].flat().join(', ');
  }
  // The client's connection is independent of the service's.
  headers.connection = connectionHeader(req, res);
  upstreamResponse.statusMessage = '';
}
