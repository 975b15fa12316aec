import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const wellFormed = /^[A-Za-z0-9_-]{8,64}$/;

/** Returns the client's `X-Request-Id` (or `X-Trace-Id`) if it is well formed (8–64 of A-Z a-z 0-9 - _), else a new UUID. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  for (const value of [headers['x-request-id'], headers['x-trace-id']]) {
    if (typeof value === 'string' && wellFormed.test(value)) return value;
  }
  return randomUUID();
}
