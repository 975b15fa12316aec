import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isUuid } from '@clientela/db';
import { keyFor } from '../keys/sealing.ts';

/** What a refresh token says of itself: the session, and the how-manieth of its tokens it is. */
export type Claimed = { id: string; generation: number; mac: Buffer };

/** What stands behind one: a seed of 32 random bytes for each session. */
export type Source = { id: string; generation: number; seed: Buffer };

/**
 * Makes and proves refresh tokens: `<session>.<generation>.<mac>`, the mac by HMAC-SHA256 (RFC 2104). A token follows from its session's
 * seed and AUTH_SECRET, so that one whose answer was lost can be given again though only its hash is kept.
 */
export type RefreshTokens = {
  tokenOf: (source: Source) => string;
  proves: (claimed: Claimed, source: Source) => boolean;
};

export const newSeed = (): Buffer => randomBytes(32);

/** As it lies in the database. */
export const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** @param auth_secret AUTH_SECRET: 32 bytes in base64url */
export function refreshTokens(auth_secret: string): RefreshTokens {
  const key = keyFor(Buffer.from(auth_secret, 'base64url'), 'refresh-tokens');
  const macOf = ({ id, generation, seed }: Source) =>
    createHmac('sha256', key).update(`${id}.${generation}.`).update(seed).digest();
  return {
    tokenOf: (source) => `${source.id}.${source.generation}.${macOf(source).toString('base64url')}`,
    proves: ({ mac, ...claimed }, { id, seed }) =>
      claimed.id === id && timingSafeEqual(mac, macOf({ id, generation: claimed.generation, seed })),
  };
}

const shape = /^([0-9a-f-]{36})\.(0|[1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/** Takes a token apart, whoever made it; undefined for what is none. */
export function readToken(text: string): Claimed | undefined {
  const [, id = '', generation = '', mac = ''] = shape.exec(text) ?? [];
  return isUuid(id) ? { id, generation: Number(generation), mac: Buffer.from(mac, 'base64url') } : undefined;
}
