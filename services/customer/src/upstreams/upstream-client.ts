import { setTimeout as sleep } from 'node:timers/promises';
import { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import type { Log } from '@clientela/runtime';
import CircuitBreaker from 'opossum';
import type { z } from 'zod';
import { fetchUpstream, isUnavailable, type Endpoint, type UpstreamQuery } from './fetch-upstream.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

/** The data and the time of the call; or, during an outage, the time of the first failure. */
export type UpstreamResult<Data> = { data: Data; fetchedAt: string } | { unavailableSince: string };

/** Fetches one customer's data. Never throws: every failure becomes `unavailableSince`. */
export type Upstream<Data> = (query: UpstreamQuery) => Promise<UpstreamResult<Data>>;

type UpstreamOptions = {
  log: Log;
  /** Milliseconds for one query with all its retries, default 2,000. */
  timeout?: number;
  /** Milliseconds after which an open breaker lets a call through, default 5,000. */
  reset?: number;
};

/** The services that own a customer's orders, complaints and appointments. */
export type Upstreams = {
  orders: Upstream<CustomerOrders>;
  complaints: Upstream<CustomerComplaints>;
  appointments: Upstream<CustomerAppointments>;
};

/** @param key service key of this service */
export const createUpstreams = (
  urls: Record<keyof Upstreams, string>,
  key: string,
  options: UpstreamOptions,
): Upstreams => ({
  orders: createUpstream({ name: 'orders', url: urls.orders, key, shape: CustomerOrders }, options),
  complaints: createUpstream({ name: 'complaints', url: urls.complaints, key, shape: CustomerComplaints }, options),
  appointments: createUpstream(
    { name: 'appointments', url: urls.appointments, key, shape: CustomerAppointments },
    options,
  ),
});

const maxAttempts = 3;
const baseBackoff = 100; // milliseconds before the second attempt at most, twice as many before the third

/** Creates a client with a breaker, a retry budget and its own outage state. */
function createUpstream<S extends z.ZodType>(endpoint: Endpoint<S>, options: UpstreamOptions): Upstream<z.infer<S>> {
  const { log, timeout = 2000, reset = 5000 } = options;
  const attempt = (query: UpstreamQuery, signal: AbortSignal) => fetchUpstream(endpoint, query, signal);
  const breaker = new CircuitBreaker(attempt, {
    timeout: false, // each query has its own abort signal
    volumeThreshold: 10,
    errorThresholdPercentage: 50,
    rollingCountTimeout: 10_000,
    resetTimeout: reset,
    errorFilter: (error: unknown) => !isUnavailable(error),
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
  const budget = createRetryBudget();
  let unavailableSince: string | undefined;

  return async (query) => {
    const fetchedAt = new Date().toISOString();
    // Ignores the client's own signal: a client that disconnects must not count as a slow upstream.
    const signal = AbortSignal.timeout(timeout);
    try {
      const data = await withRetries(() => breaker.fire(query, signal), budget, signal);
      if (unavailableSince) log.info({ upstream: endpoint.name }, 'upstream available again');
      unavailableSince = undefined;
      return { data, fetchedAt };
    } catch (error) {
      if (!unavailableSince) log.warn({ upstream: endpoint.name, err: error }, 'upstream unavailable');
      unavailableSince ??= fetchedAt;
      return { unavailableSince };
    }
  };
}

/** Retries an unavailable upstream with jittered exponential backoff, while budget and time last. */
async function withRetries<Data>(
  attempt: () => Promise<Data>,
  budget: RetryBudget,
  signal: AbortSignal,
): Promise<Data> {
  budget.deposit();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === maxAttempts || signal.aborted || !isUnavailable(error) || !budget.tryWithdraw()) throw error;
      await sleep(Math.random() * baseBackoff * 2 ** (attempts - 1), undefined, { signal });
    }
  }
}
