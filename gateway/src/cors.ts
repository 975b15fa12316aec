import type { Request } from 'express';
import { z } from 'zod';
import type { GatewayResponse } from './request-context.ts';
import { securityHeaders, type Header } from './response-headers.ts';

/** The origins whose scripts may read responses. */
export type AllowedOrigins = '*' | readonly string[];

/** Whether a text is an origin as browsers send it (RFC 6454, 6.2): scheme, host and a port that is not the default. */
const isOrigin = (text: string): boolean =>
  /^https?:\/\/[^/?#@*]+$/.test(text) && URL.canParse(text) && new URL(text).origin === text;

/** CORS_ORIGINS: `*`, or a list of origins. */
export const CorsOrigins = z.string().transform((text, context): AllowedOrigins => {
  const origins = text.split(',').map((part) => part.trim().toLowerCase().replace(/\/$/, ''));
  if (origins.length === 1 && origins[0] === '*') return '*';
  if (origins.every(isOrigin)) return origins;
  context.addIssue({
    code: 'custom',
    message: 'must be * or origins such as https://app.example.com,http://localhost:3000',
  });
  return z.NEVER;
});

/** Response headers that scripts of other origins may read, beside those that every script may. */
const exposedHeaders = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-RateLimit-Limit-Hour',
  'X-RateLimit-Limit-Minute',
  'X-Request-Id',
].join(', ');

/** Request headers that scripts of other origins may send. `*` would not include Authorization. */
const acceptedHeaders = [
  'Accept',
  'Accept-Language',
  'Authorization',
  'Content-Encoding',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-Modified-Since',
  'If-None-Match',
  'If-Range',
  'If-Unmodified-Since',
  'Last-Event-ID',
  'Range',
  'X-Request-Id',
  'X-Trace-Id',
].join(', ');

/** How long a browser may remember a preflight. */
const maxAgeSeconds = '600';

/**
 * Builds the headers that every response to an origin has, once for each origin that is allowed.
 * Never allows credentials: tokens are sent in Authorization, and a page of another origin needs no cookie.
 * @returns a function from the request's Origin to the headers
 */
export function responseHeadersFor(allowed: AllowedOrigins): (origin: string | undefined) => readonly Header[] {
  const allow = (origin: string): Header[] => [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Expose-Headers', exposedHeaders],
  ];
  if (allowed === '*') {
    const headers = [...securityHeaders, ...allow('*')];
    return () => headers;
  }
  // Varies without an Origin too: a cache must not give that response to a script.
  const others: Header[] = [...securityHeaders, ['Vary', 'Origin']];
  const byOrigin = new Map(allowed.map((origin) => [origin, [...others, ...allow(origin)]]));
  return (origin = '') => byOrigin.get(origin) ?? others;
}

/** Responds to OPTIONS with the methods of the path, and to a preflight (Fetch standard, 4.8) of an allowed origin. */
export function sendOptions(req: Request, res: GatewayResponse, methods: string): void {
  res.setHeader('Allow', methods);
  if (req.headers['access-control-request-method'] !== undefined && res.hasHeader('Access-Control-Allow-Origin')) {
    res.setHeader('Access-Control-Allow-Methods', methods);
    res.setHeader('Access-Control-Allow-Headers', acceptedHeaders);
    res.setHeader('Access-Control-Max-Age', maxAgeSeconds);
  }
  res.statusCode = 204;
  res.end();
}
