import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionHeader } from './body.ts';

/** Response headers that are internal to a service, or belong to its connection with the gateway. */
const droppedHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'te',
  'trailer',
  'upgrade',
  'via',
  'x-client-ip',
  'x-company-id',
  'x-powered-by',
  'x-request-id',
  'x-service-key',
  'x-session-id',
  'x-user-id',
  'x-user-role',
]);

/** Removes internal and hop-by-hop headers from a service's response, before the proxy copies it. */
export function filterResponseHeaders(
  upstreamResponse: IncomingMessage,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { headers } = upstreamResponse;
  const hopByHop = headers.connection === undefined ? [] : headers.connection.toLowerCase().split(/[\s,]+/);
  for (const name in headers) {
    if (droppedHeaders.has(name) || name.startsWith('x-internal-') || hopByHop.includes(name)) delete headers[name];
  }
  // The client's connection is independent of the service's.
  headers.connection = connectionHeader(req, res);
  upstreamResponse.statusMessage = '';
}
