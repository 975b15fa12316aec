import type { ExpectedVersion } from '@clientela/db';
import type { Request } from 'express';

/** The client's IP address; null when unknown. */
export const clientIp = (request: Request): string | null => {
  const ip = request.headers['x-client-ip'];
  return typeof ip === 'string' && ip ? ip : null;
};

/**
 * Reads the entity tags of `If-Match` or `If-None-Match`, without their quotes. Weak ones count like strong ones: proxies weaken tags, and
 * a version identifies a record however its response was encoded (docs/adr/0023).
 * @returns `*` for any tag; an empty list for a malformed header
 */
export function entityTags(header: string): string[] | '*' {
  if (header.trim() === '*') return '*';
  const tag = /(?:W\/)?"([^"]*)"/g;
  const isList = /^[\s,]*$/.test(header.replaceAll(tag, ''));
  return isList ? Array.from(header.matchAll(tag), ([, opaque = '']) => opaque) : [];
}

/** Reads the versions of `If-Match`, one of which must be current. Undefined without a condition or for `*`. */
export function expectedVersion(request: Request): ExpectedVersion {
  const header = request.headers['if-match'];
  const tags = header === undefined ? '*' : entityTags(header);
  return tags === '*' ? undefined : tags.filter((tag) => /^\d{1,15}$/.test(tag)).map(Number);
}

/** Reads the cookies of these names (RFC 6265, 4.2.1). Of two with one name the first counts: that of the longer path. */
export function readCookies(request: Request, names: readonly string[] = []): Record<string, string> {
  const cookies: Record<string, string> = {};
  if (names.length === 0) return cookies;
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const end = pair.indexOf('=');
    const name = pair.slice(0, end).trim();
    if (end > 0 && names.includes(name)) cookies[name] ??= pair.slice(end + 1).trim();
  }
  return cookies;
}
