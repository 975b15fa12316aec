import { BlockList, isIP } from 'node:net';
import { hashApiKey, isWellFormedApiKey, VerifiedApiKey, type ApiKeyVerification } from '@clientela/contracts';
import { AppError, forbidden, overloaded, rateLimited, unavailable } from '@clientela/errors';
import { LRUCache } from 'lru-cache';
import type { KeyActor } from './authenticate.ts';
import type { Limits } from './limits.ts';
import type { FetchFromService } from './replicas.ts';

type RememberedKey = {
  actor: KeyActor;
  version: number;
  /** Milliseconds since 1970. */
  expiresAt: number;
  networks: BlockList | undefined;
  /** When auth last confirmed the key, and was last told of a use, on the clock of `performance.now()`. */
  verifiedAt: number;
  reportedAt: number;
};

/**
 * Verifies API keys: asks auth about each once, and remembers the response for 5 minutes and for as long as auth is away. Expiry and
 * networks are judged at each request.
 */
export type ApiKeys = {
  /**
   * @param mayAsk whether the client may cause a request to auth; asked for unknown keys only
   * @throws AppError 401 for an invalid key, 403 for an address outside of its networks; for an unknown one 429 when it may not ask, and 503 while auth is away
   */
  verify: (key: string, client: { address: string; mayAsk: () => boolean }) => Promise<KeyActor>;
  /** Forgets keys of which auth announced a later version. */
  forget: (changed: readonly { id: string; version: number }[]) => void;
  /** Asks again about every key before its next use: announcements may have been missed. */
  forgetTimes: () => void;
};

const invalidKey = () =>
  new AppError('unauthenticated', {
    detail: 'Invalid, expired or revoked API key',
    headers: { 'WWW-Authenticate': 'Bearer realm="clientela", error="invalid_token"' },
  });
const addressNotAllowed = () =>
  forbidden('The API key may not be used from this address', 'API_KEY_ADDRESS_NOT_ALLOWED');

export function createApiKeys(fetchFromAuth: FetchFromService, serviceKey: string, limits: Limits): ApiKeys {
  const remembered = new LRUCache<string, RememberedKey>({ max: limits.apiKeyCacheSize });
  const unknown = new LRUCache<string, true>({ max: limits.apiKeyCacheSize, ttl: limits.unknownApiKeyLifetime });
  /** Requests to auth by the hash of their key, so that each asks once at a time. */
  const pending = new Map<string, Promise<RememberedKey | undefined>>();
  /** Until when remembered keys are used without asking, because auth gave no response. */
  let isAwayUntil = -Infinity;

  const send = async (body: ApiKeyVerification): Promise<RememberedKey | undefined> => {
    const response = await fetchFromAuth('/internal/api-keys/verify', {
      method: 'POST',
      headers: { 'X-Service-Key': serviceKey, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(limits.apiKeyTimeout),
    });
    if (!response.ok) throw new Error(`auth responded with status ${response.status}`);
    const { api_key } = VerifiedApiKey.parse(await response.json());
    if (!api_key) {
      remembered.delete(body.hash);
      unknown.set(body.hash, true);
      return undefined;
    }
    const reportedAt = remembered.peek(body.hash)?.reportedAt ?? -Infinity;
    const key = toRemembered(api_key, reportedAt);
    remembered.set(body.hash, key);
    return key;
  };

  /** @returns undefined for an unknown key. @throws AppError 503 */
  const ask = (body: ApiKeyVerification): Promise<RememberedKey | undefined> => {
    const running = pending.get(body.hash);
    if (running) return running;
    if (pending.size >= limits.maxPendingApiKeys) return Promise.reject(overloaded());
    const asking = send(body)
      .catch((cause: unknown) => {
        isAwayUntil = performance.now() + limits.apiKeyRetryInterval;
        throw unavailable('The API key cannot be verified: the auth service is unavailable', { retryAfter: 1, cause });
      })
      .finally(() => pending.delete(body.hash));
    pending.set(body.hash, asking);
    return asking;
  };

  const find = async (key: string, hash: string, mayAsk: () => boolean): Promise<RememberedKey | undefined> => {
    const known = remembered.get(hash);
    const now = performance.now();
    if (known && (now - known.verifiedAt < limits.apiKeyLifetime || now < isAwayUntil)) return known;
    if (known) return ask({ hash }).catch(() => known);
    if (unknown.has(hash) || !isWellFormedApiKey(key)) return undefined;
    if (!mayAsk()) throw rateLimited(1); // it may be a good key
    return ask({ hash });
  };

  /** Tells auth of a use, at most once a minute and not on the request's path. The response is remembered too. */
  const report = (hash: string, key: RememberedKey, ip: string) => {
    const now = performance.now();
    if (now - key.reportedAt < limits.apiKeyReportInterval || now < isAwayUntil) return;
    key.reportedAt = now;
    ask({ hash, used: { at: new Date().toISOString(), ip } }).catch(() => {}); // the next minute's use is reported
  };

  return {
    verify: async (key, { address, mayAsk }) => {
      const hash = hashApiKey(key);
      const found = await find(key, hash, mayAsk);
      if (!found || found.expiresAt <= Date.now()) throw invalidKey();
      if (found.networks && !found.networks.check(address, familyOf(address))) throw addressNotAllowed();
      report(hash, found, address);
      return found.actor;
    },
    forget: (changed) => {
      if (changed.length === 0) return;
      const versions = new Map(changed.map(({ id, version }) => [id, version]));
      for (const [hash, { actor, version }] of remembered.entries())
        if (version < (versions.get(actor.key_id) ?? 0)) remembered.delete(hash);
    },
    forgetTimes: () => {
      for (const key of remembered.values()) key.verifiedAt = -Infinity;
    },
  };
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function toRemembered(key: NonNullable<VerifiedApiKey['api_key']>, reportedAt: number): RememberedKey {
  const { id, company_id, role, permissions, rate_per_minute } = key;
  return {
    actor: { id: `key:${id}`, key_id: id, role, company_id, permissions: permissions.join(','), rate_per_minute },
    version: key.version,
    expiresAt: Date.parse(key.expires_at),
    networks: key.allowed_ips ? toBlockList(key.allowed_ips) : undefined,
    verifiedAt: performance.now(),
    reportedAt,
  };
}

function toBlockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    if (length === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(length), familyOf(address));
  }
  return list;
}
