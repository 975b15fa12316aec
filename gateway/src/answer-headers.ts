import type { IncomingMessage, ServerResponse } from 'node:http';
import { connectionOf } from './body.ts';

/** Headers of a service's answer that are its own affair, or belong to the connection between it and the gateway. */
const kept = new Set([
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

/** Leaves in a service's answer what the caller may see, before the proxy copies it. */
export function tidyAnswer(answer: IncomingMessage, req: IncomingMessage, res: ServerResponse): void {
  const { headers } = answer;
  const named = headers.connection === undefined ? [] : headers.connection.toLowerCase().split(/[\s,]+/);
  for (const name in headers) {
    if (kept.has(name) || name.startsWith('x-internal-') || named.includes(name)) delete headers[name];
  }
  // Whether the caller's connection stays has nothing to do with the service's.
  headers.connection = connectionOf(req, res);
  answer.statusMessage = '';
}
