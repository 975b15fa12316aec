import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { Log } from '@clientela/runtime';
import { z } from 'zod';
import type { Limits } from './limits.ts';

// The public keys of receipts stay there for good, beside those of tokens.
const Jwks = z.object({ keys: z.array(z.unknown()).max(10_000) });

// Any other key of auth's (a private one by mistake, one of another use or algorithm) is not for tokens.
const TokenKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
  kid: z.string().min(1).max(128),
  x: z.string().max(64),
  y: z.string().max(64),
  d: z.undefined().optional(),
});

/** What verifies tokens: one algorithm, and its keys. */
export type KeyRing = {
  algorithm: 'ES256' | 'HS256';
  ready: () => boolean;
  get: (kid: string) => KeyObject | undefined;
  /** The key, asking auth once more when it is unknown; a flood of unknown ones asks at most every few seconds. */
  find: (kid: string) => Promise<KeyObject | undefined>;
  close: () => void;
};

/** The one secret that auth and the gateway share, whatever a token calls it. */
export function sharedSecret(secret: string): KeyRing {
  const key = createSecretKey(secret, 'utf8');
  return { algorithm: 'HS256', ready: () => true, get: () => key, find: async () => key, close: () => {} };
}

/** auth's public keys by `kid`: fetched until they are there, refreshed every minute, kept while auth is away. */
export function openKeyRing(auth: string, service_key: string, limits: Limits, log: Log): KeyRing {
  let keys = new Map<string, KeyObject>();
  let running: Promise<void> | undefined;
  let asked_at = 0;
  let complained = false;
  let timer: NodeJS.Timeout | undefined;
  const closed = new AbortController();

  const fetchKeys = async () => {
    asked_at = performance.now();
    try {
      const answer = await fetch(new URL('/.well-known/jwks.json', auth), {
        headers: { 'X-Service-Key': service_key },
        redirect: 'error',
        signal: AbortSignal.any([closed.signal, AbortSignal.timeout(limits.keys_call)]),
      });
      if (!answer.ok) throw new Error(`auth answered ${answer.status}`);
      const found = tokenKeys(await answer.json());
      if (found.size === 0) throw new Error('auth published no key for tokens');
      keys = found;
      complained = false;
    } catch (err) {
      if (!complained && !closed.signal.aborted) log.warn({ err }, 'keys: not fetched, trying again');
      complained = true;
    }
  };

  const refresh = () => (running ??= fetchKeys().finally(() => (running = undefined)));

  const loop = async () => {
    await refresh();
    if (!closed.signal.aborted)
      timer = setTimeout(() => void loop(), keys.size > 0 ? limits.keys_refresh : limits.keys_retry).unref();
  };
  void loop();

  return {
    algorithm: 'ES256',
    ready: () => keys.size > 0,
    get: (kid) => keys.get(kid),
    find: async (kid) => {
      const known = keys.get(kid);
      if (known) return known;
      if (running) await running;
      else if (performance.now() - asked_at >= limits.keys_on_demand) await refresh();
      return keys.get(kid);
    },
    close: () => {
      closed.abort();
      clearTimeout(timer);
    },
  };
}

function tokenKeys(document: unknown): Map<string, KeyObject> {
  const found = new Map<string, KeyObject>();
  for (const candidate of Jwks.parse(document).keys) {
    const { success, data } = TokenKey.safeParse(candidate);
    if (!success) continue;
    try {
      found.set(
        data.kid,
        createPublicKey({ key: { kty: data.kty, crv: data.crv, x: data.x, y: data.y }, format: 'jwk' }),
      );
    } catch {
      // Not a point of the curve: not a key.
    }
  }
  return found;
}
