import type { Request, Response } from 'express';

/** The client's IP address; null when unknown. */
export const clientIp = (request: Request): string | null => {
  const ip = request.headers['x-client-ip'];
  return typeof ip === 'string' && ip ? ip : null;
};

/** Reads the version of `If-Match`, one strong entity tag (RFC 9110, 13.1.1). Undefined without a condition or for `*`. */
export function expectedVersion(request: Request): number | undefined {
  const header = request.headers['if-match'];
  if (header === undefined || header.trim() === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(header.trim())?.[1];
  // A tag in another format matches no version.
  return version === undefined ? -1 : Number(version);
}

/**
 * Creates a signal that aborts when the client disconnects or the deadline has passed.
 * @param deadline milliseconds
 */
export function requestSignal(response: Response, deadline: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), deadline);
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) controller.abort();
  });
  return controller.signal;
}
