import { createHash, randomBytes, type KeyObject } from 'node:crypto';
import { deriveKey } from '@clientela/runtime';
import { generate } from 'lean-qr';
import { toSvgSource } from 'lean-qr/extras/svg';
import { Secret, TOTP } from 'otpauth';
import { seal, unseal } from '../keys/sealing.ts';

/** The key that seals the secrets of authenticator apps, and the clock that judges their codes (milliseconds since 1970). */
export type SecondFactors = { key: KeyObject; now: () => number };

/** @param secret AUTH_SECRET */
export const createSecondFactors = (secret: string, now: () => number = Date.now): SecondFactors => ({
  key: deriveKey(secret, 'clientela auth second factors'),
  now,
});

const secretBytes = 20; // as long as the hash, as RFC 4226 recommends
const period = 30; // seconds
/** Steps before and after the present one whose codes are accepted: for clocks that differ, and for who types slowly. */
const window = 1;

const totpOf = (secret: Buffer, email = ''): TOTP =>
  new TOTP({
    issuer: 'Clientela',
    label: email,
    secret: new Secret({ buffer: Uint8Array.from(secret).buffer }),
    algorithm: 'SHA1', // the only one that every authenticator app knows
    digits: 6,
    period,
  });

export const generateTotpSecret = (): Buffer => randomBytes(secretBytes);

/** What an authenticator app takes over a secret from: the secret in base32, its URL, and a QR code of the URL. */
export function describeTotp(secret: Buffer, email: string): { secret: string; otpauth_url: string; qr_svg: string } {
  const totp = totpOf(secret, email);
  const otpauth_url = totp.toString();
  return { secret: totp.secret.base32, otpauth_url, qr_svg: toSvgSource(generate(otpauth_url), { scale: 4 }) };
}

/**
 * Finds the step (RFC 6238: the number of periods since 1970) of a code, among the present one and its neighbours.
 * @param now milliseconds
 * @returns undefined for a wrong code
 */
export function stepOf(secret: Buffer, code: string, now: number): number | undefined {
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window });
  return delta === null ? undefined : Math.floor(now / 1000 / period) + delta;
}

export const sealSecret = ({ key }: SecondFactors, user_id: string, secret: Buffer): Buffer =>
  seal(key, secret, user_id);

/** @throws Error for a secret of another user, or sealed with another AUTH_SECRET */
export const unsealSecret = ({ key }: SecondFactors, user_id: string, sealed: Buffer): Buffer =>
  unseal(key, sealed, user_id);

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford: without letters that look like digits, and without u

/** 80 random bits in 16 characters: `x7k2-9qpm-4tzd-0e8w`. */
export const generateRecoveryCode = (): string =>
  [...randomBytes(16)]
    .map((byte) => alphabet[byte % alphabet.length] ?? '')
    .join('')
    .replaceAll(/.{4}(?=.)/g, '$&-');

/** Hashes a recovery code for storage, however it is written. It is random, so that a fast hash is enough. */
export const hashRecoveryCode = (code: string): Buffer =>
  createHash('sha256')
    .update(
      code
        .toLowerCase()
        .replaceAll(/[^0-9a-z]/g, '')
        .replaceAll('o', '0')
        .replaceAll(/[il]/g, '1'),
    )
    .digest();
