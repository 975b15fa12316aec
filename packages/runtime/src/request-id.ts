import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const wellFormed = /^[A-Za-z0-9_-]{8,64}$/;

/** The caller's `X-Request-Id` (or `X-Trace-Id`) when it is well formed (8–64 of A-Z a-z 0-9 - _), else a new one. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  for (const given of [headers['x-request-id'], headers['x-trace-id']]) {
    if (typeof given === 'string' && wellFormed.test(given)) return given;
  }
  return randomUUID();
}
