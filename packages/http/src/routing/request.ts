import type { Request, Response } from 'express';

/** Where the client sits; null when unknown. */
export const clientIp = (request: Request): string | null => {
  const ip = request.headers['x-client-ip'];
  return typeof ip === 'string' && ip ? ip : null;
};

/** `If-Match` on a change: one strong entity tag; `*` and none ask for nothing (RFC 9110, 13.1.1). */
export function expectedVersion(request: Request): number | undefined {
  const given = request.headers['if-match'];
  if (given === undefined || given.trim() === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(given.trim())?.[1];
  // A tag that no version of ours ever had matches nothing.
  return version === undefined ? -1 : Number(version);
}

/** Aborts when the client is gone or the time is up. */
export function requestSignal(response: Response, deadline: number): AbortSignal {
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), deadline);
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) gone.abort();
  });
  return gone.signal;
}
