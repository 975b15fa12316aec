import { randomBytes } from 'node:crypto';
import { deriveKey } from '@clientela/runtime';
import { z } from 'zod';
import { seal, unseal } from '../keys/sealing.ts';
import type { SignInChecks } from './provider.ts';

// A sign-in while the browser is at the provider: a cookie holds it, sealed, so that nothing is stored for visitors.

/** @property to the path to which the browser returns */
export type Attempt = SignInChecks & { provider: string; to: string };

const LIFETIME = 600; // seconds
const name = 'clientela_oidc';
/** With the prefix, browsers accept it from this host only, and over https (RFC 6265bis, 4.1.3.2). */
const hostName = `__Host-${name}`;
/** The names that the cookie has, with https and without. */
export const attemptCookies = [hostName, name] as const;

const Sealed = z.strictObject({
  provider: z.string(),
  to: z.string(),
  state: z.string(),
  nonce: z.string(),
  code_verifier: z.string(),
  expires_at: z.number(),
});

const random = () => randomBytes(32).toString('base64url');

/** New values, which nobody can guess. */
export const newAttempt = (provider: string, to: string): Attempt => ({
  provider,
  to,
  state: random(),
  nonce: random(),
  code_verifier: random(),
});

export type Attempts = {
  /** Returns the `Set-Cookie` header that remembers an attempt. */
  remember: (attempt: Attempt) => string;
  /** Returns the attempt in the cookie at this provider; undefined for one that is forged, too old, or of another provider. */
  recall: (cookies: Readonly<Record<string, string>>, provider: string) => Attempt | undefined;
  /** The `Set-Cookie` header that forgets it. */
  forget: string;
};

/**
 * @param secret AUTH_SECRET
 * @param isSecure whether people reach the gateway over https
 */
export function createAttempts(secret: string, isSecure: boolean): Attempts {
  const key = deriveKey(secret, 'clientela auth oidc-attempts');
  const cookie = isSecure ? hostName : name;
  const header = (value: string, maxAge: number) =>
    `${cookie}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  return {
    remember: (attempt) => {
      const plain = JSON.stringify({ ...attempt, expires_at: Date.now() + LIFETIME * 1000 });
      return header(seal(key, Buffer.from(plain), attempt.provider).toString('base64url'), LIFETIME);
    },
    recall: (cookies, provider) => {
      try {
        const plain = unseal(key, Buffer.from(cookies[cookie] ?? '', 'base64url'), provider);
        const { expires_at, ...attempt } = Sealed.parse(JSON.parse(plain.toString()));
        return expires_at > Date.now() ? attempt : undefined;
      } catch {
        return undefined;
      }
    },
    forget: header('', 0),
  };
}
