import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { isUuid } from '@clientela/db';
import { deriveKey } from '@clientela/runtime';

/** A parsed refresh token: its session, and its position in the session's sequence of tokens. */
export type ParsedRefreshToken = { id: string; generation: number; mac: Buffer };

/** The inputs of a token; `seed` holds 32 random bytes for each session. */
export type RefreshTokenSource = { id: string; generation: number; seed: Buffer };

/**
 * Creates and verifies refresh tokens: `<session>.<generation>.<mac>`, the MAC by HMAC-SHA256 (RFC 2104). A token is derived from its
 * session's seed and AUTH_SECRET, so that it can be returned again although only its hash is stored.
 */
export type RefreshTokens = {
  create: (source: RefreshTokenSource) => string;
  verify: (parsed: ParsedRefreshToken, source: RefreshTokenSource) => boolean;
};

export const generateSeed = (): Buffer => randomBytes(32);

/** Hashes a token for storage. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** @param authSecret AUTH_SECRET: 32 bytes in base64url */
export function createRefreshTokens(authSecret: string): RefreshTokens {
  const key = deriveKey(authSecret, 'clientela auth refresh-tokens');
  const computeMac = ({ id, generation, seed }: RefreshTokenSource) =>
    createHmac('sha256', key).update(`${id}.${generation}.`).update(seed).digest();
  return {
    create: (source) => `${source.id}.${source.generation}.${computeMac(source).toString('base64url')}`,
    verify: ({ mac, id, generation }, source) =>
      id === source.id && timingSafeEqual(mac, computeMac({ id, generation, seed: source.seed })),
  };
}

const pattern = /^([0-9a-f-]{36})\.(0|[1-9]\d{0,14})\.([A-Za-z0-9_-]{43})$/;

/** Parses a token without verifying it; returns undefined when it is malformed. */
export function parseRefreshToken(token: string): ParsedRefreshToken | undefined {
  const [, id = '', generation = '', mac = ''] = pattern.exec(token) ?? [];
  return isUuid(id) ? { id, generation: Number(generation), mac: Buffer.from(mac, 'base64url') } : undefined;
}
