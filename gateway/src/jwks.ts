import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import { z } from 'zod';
import type { Limits } from './limits.ts';
import type { FetchFromService } from './replicas.ts';

// The set also publishes receipt keys, which are never withdrawn: it grows for the life of an installation.
const Jwks = z.object({ keys: z.array(z.unknown()).max(10_000) });

// Accepts token keys only: public (no `d`), for signatures, ES256. Receipt keys have another `use`.
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

/** The keys that verify tokens, all of one algorithm. */
export type VerificationKeys = {
  algorithm: 'ES256' | 'HS256';
  ready: () => boolean;
  get: (kid: string) => KeyObject | undefined;
  /** Returns the key, and fetches the set when its `kid` is unknown, at most once per interval. */
  find: (kid: string) => Promise<KeyObject | undefined>;
  close: () => void;
};

export type JwksClient = VerificationKeys;

/** The secret that auth and the gateway share; every `kid` stands for it. */
export function hs256Key(secret: string): VerificationKeys {
  const key = createSecretKey(secret, 'utf8');
  return { algorithm: 'HS256', ready: () => true, get: () => key, find: async () => key, close: () => {} };
}

/** Fetches auth's public keys (RFC 7517), refreshes them every minute, and keeps them while auth is unavailable. */
export function createJwksClient(
  fetchFromAuth: FetchFromService,
  serviceKey: string,
  limits: Limits,
  log: Log,
): JwksClient {
  let keys = new Map<string, KeyObject>();
  let fetchedAt = 0;
  const poller = startPeriodicWorker({
    intervalMs: () => (keys.size > 0 ? limits.jwksRefreshInterval : limits.startupRetryInterval),
    log,
    failureMessage: 'keys: not fetched, retrying',
    startupGrace: limits.startupGrace,
    run: async (signal) => {
      fetchedAt = performance.now();
      const response = await fetchFromAuth('/.well-known/jwks.json', {
        headers: { 'X-Service-Key': serviceKey },
        signal: AbortSignal.any([signal, AbortSignal.timeout(limits.jwksTimeout)]),
      });
      if (!response.ok) throw new Error(`auth responded with status ${response.status}`);
      const tokenKeys = parseTokenKeys(await response.json());
      if (tokenKeys.size === 0) throw new Error('auth published no token key');
      keys = tokenKeys;
    },
  });

  return {
    algorithm: 'ES256',
    ready: () => keys.size > 0,
    get: (kid) => keys.get(kid),
    find: async (kid) => {
      const isDue = poller.isRunning() || performance.now() - fetchedAt >= limits.jwksOnDemandInterval;
      if (!keys.has(kid) && isDue) await poller.runNow();
      return keys.get(kid);
    },
    close: () => void poller.stop(),
  };
}

function parseTokenKeys(document: unknown): Map<string, KeyObject> {
  const tokenKeys = new Map<string, KeyObject>();
  for (const candidate of Jwks.parse(document).keys) {
    const { success, data } = TokenKey.safeParse(candidate);
    if (!success) continue;
    try {
      tokenKeys.set(
        data.kid,
        createPublicKey({ key: { kty: data.kty, crv: data.crv, x: data.x, y: data.y }, format: 'jwk' }),
      );
    } catch {
      // Skips coordinates that are not a point of the curve.
    }
  }
  return tokenKeys;
}
