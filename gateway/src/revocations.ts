import { setTimeout as sleep } from 'node:timers/promises';
import { Revocations as RevocationsResponse } from '@clientela/contracts';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import type { ApiKeys } from './api-keys.ts';
import type { Limits } from './limits.ts';
import type { FetchFromService } from './replicas.ts';

/** Revoked sessions, changed API keys and inactive companies, polled from auth every second. Keeps the last state while auth is unavailable. */
export type Revocations = {
  /** Whether the list was fetched once; until then no token is accepted. */
  ready: () => boolean;
  /** @param iat when the token was issued, in seconds */
  isRevoked: (actor: { session_id: string; company_id: string | undefined }, iat: number) => boolean;
  isInactive: (company_id: string) => boolean;
  /** Fetches at once; calls that come meanwhile share one further fetch. */
  refresh: () => Promise<void>;
  close: () => void;
};

export function startRevocationPoller(
  fetchFromAuth: FetchFromService,
  serviceKey: string,
  limits: Limits,
  log: Log,
  apiKeys: Pick<ApiKeys, 'forget' | 'forgetTimes'>,
): Revocations {
  /** Revoked sessions, each with the time (milliseconds) until which its tokens would be valid. */
  let revokedSessions = new Map<string, number>();
  let inactiveCompanies = new Set<string>();
  /** Rejects every token issued up to this time (seconds). */
  let rejectIssuedUntil = -1;
  /** auth's clock at its latest response. */
  let asOf: number | undefined;
  let lastPollAt = -Infinity;
  let startedAt = -Infinity;

  const fetchRevocations = async (since: number | undefined, signal: AbortSignal): Promise<RevocationsResponse> => {
    const query = since === undefined ? '' : `?since=${encodeURIComponent(new Date(since).toISOString())}`;
    const isBehind = performance.now() - lastPollAt > 5 * limits.revocationsInterval;
    const timeoutMs = isBehind ? limits.revocationsCatchUpTimeout : limits.revocationsTimeout;
    const response = await fetchFromAuth(`/internal/revocations${query}`, {
      headers: { 'X-Service-Key': serviceKey },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (!response.ok) throw new Error(`auth responded with status ${response.status}`);
    return RevocationsResponse.parse(await response.json());
  };

  const apply = (response: RevocationsResponse, isFull: boolean) => {
    if (isFull) {
      revokedSessions = new Map();
      inactiveCompanies = new Set();
    }
    for (const { sid, until } of response.sessions) revokedSessions.set(sid, Date.parse(until));
    for (const { id, active } of response.companies) {
      if (active) inactiveCompanies.delete(id);
      else inactiveCompanies.add(id);
    }
    apiKeys.forget(response.api_keys ?? []);
    if (isFull || response.api_keys_truncated) apiKeys.forgetTimes();
    const expiredBefore = Date.now() - limits.revocationsClockMargin;
    for (const [sid, until] of revokedSessions) if (until < expiredBefore) revokedSessions.delete(sid);
    // Too many to send or to store: rejects every earlier token instead, which bounds the memory. A live session gets a
    // new token by a refresh.
    if (response.truncated || revokedSessions.size > limits.maxRevokedSessions) {
      rejectIssuedUntil = Math.floor(Date.parse(response.as_of) / 1000);
      revokedSessions = new Map();
      log.warn('revocations: too many to store, rejecting all tokens issued until now');
    }
  };

  const poller = startPeriodicWorker({
    intervalMs: () =>
      asOf === undefined ? limits.startupRetryInterval : limits.revocationsInterval - (performance.now() - startedAt),
    log,
    failureMessage: 'revocations: not fetched, retrying',
    startupGrace: limits.startupGrace,
    run: async (signal) => {
      startedAt = performance.now();
      const isFull = asOf === undefined || startedAt - lastPollAt > limits.revocationsFullFetchAfter;
      const since = isFull || asOf === undefined ? undefined : asOf - limits.revocationsOverlap;
      const response = await fetchRevocations(since, signal);
      apply(response, isFull);
      asOf = Date.parse(response.as_of);
      lastPollAt = startedAt;
    },
  });

  let isRequested = false;
  const refresh = async () => {
    if (isRequested) return;
    isRequested = true;
    const pause = startedAt + limits.revocationsRefreshInterval - performance.now();
    await sleep(Math.max(0, pause), undefined, { ref: false });
    if (poller.isRunning()) await poller.runNow(); // it may have read before the change
    isRequested = false;
    await poller.runNow();
  };

  return {
    ready: () => asOf !== undefined,
    isInactive: (company_id) => inactiveCompanies.has(company_id),
    isRevoked: ({ session_id, company_id }, iat) =>
      iat <= rejectIssuedUntil ||
      revokedSessions.has(session_id) ||
      (company_id !== undefined && inactiveCompanies.has(company_id)),
    refresh,
    close: () => void poller.stop(),
  };
}
