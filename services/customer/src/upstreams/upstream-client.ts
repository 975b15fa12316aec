import { CustomerAppointments, CustomerComplaints, CustomerOrders } from '@clientela/contracts';
import { createCallPolicy, timeoutSignal } from '@clientela/http';
import type { Log } from '@clientela/runtime';
import type { z } from 'zod';
import { fetchUpstream, type Endpoint, type UpstreamQuery } from './fetch-upstream.ts';

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

/** Creates a client with a breaker, a retry budget and its own outage state. */
function createUpstream<S extends z.ZodType>(endpoint: Endpoint<S>, options: UpstreamOptions): Upstream<z.infer<S>> {
  const { log, timeout = 2000, reset = 5000 } = options;
  const policy = createCallPolicy(endpoint.name, { reset });
  let unavailableSince: string | undefined;

  return async (query) => {
    const fetchedAt = new Date().toISOString();
    // Ignores the client's own signal: a client that disconnects must not count as a slow upstream.
    const signal = timeoutSignal(timeout);
    try {
      const data = await policy(() => fetchUpstream(endpoint, query, signal), { isIdempotent: true, signal });
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
