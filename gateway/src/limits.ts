/** Every size (bytes) and time (milliseconds) the gateway holds its callers and services to, in one place. */
export const limits = {
  /** Longest address, query included. */
  url: 8 * 1024,
  /** All header lines of a request together; node's parser enforces it. */
  headers: 16 * 1024,
  /** Longest access token that is looked at; ours are about 500 characters. */
  token: 4096,
  /** Difference of clocks between auth and the gateway, in seconds. */
  clock_tolerance: 5,
  /** Verified tokens that are remembered. */
  remembered_tokens: 10_000,
  connections: 10_000,
  /** From the first byte of a connection to the end of the headers. */
  headers_time: 10_000,
  /** One value for the whole server, so it is that of the longest upload; each route's own deadline is held by `forward.ts`. */
  request_time: 600_000,
  checking_interval: 2000,
  /** Longer than the 60 s after which load balancers usually drop an idle connection. */
  keep_alive: 65_000,
  /**
   * A body slower than `least_rate` bytes a second, measured over windows of `rate_window`, is refused. An answer that is
   * under way at its deadline may go on at that rate.
   */
  least_rate: 1000,
  rate_window: 10_000,
  /** How long, and how much of, a body is still read and thrown away after it was refused, so that the refusal arrives. */
  linger_time: 5000,
  linger_bytes: 32 * 1024 * 1024,
  /** A stream has no total deadline; this is the longest time in which nothing may move on it. */
  idle: 60_000,
  /** Connections to one service; requests beyond wait their turn until their deadline. */
  upstream_sockets: 256,
  /** An idle connection to a service is dropped long before the service drops it (65 s), so that the two never race. */
  upstream_idle: 4000,
  keys_call: 2000,
  keys_retry: 200,
  keys_refresh: 60_000,
  /** Tokens with unknown keys make the gateway ask for keys at most this often. */
  keys_on_demand: 5000,
  /**
   * Revocations are asked for each second, counted from the beginning of the question before, and answered within 0.9 s: a
   * sign-out holds here within 2 s.
   */
  revocations_every: 1000,
  revocations_call: 900,
  /** What the first answer, or one after auth was away, may take: there may be much to tell. */
  revocations_call_behind: 5000,
  /** After so long without an answer everything is asked for anew. */
  revocations_gap: 15 * 60_000,
  /** Each question reaches back by this much, as a transaction may be committed after its time was taken. */
  revocations_overlap: 15_000,
  /** Difference of the clocks of auth and the gateway for which an entry is kept longer. */
  revocations_margin: 30_000,
  /** Sessions that are remembered as revoked; see `revocations.ts` for what happens beyond. */
  revocations: 500_000,
  ready_call: 900,
  ready_age: 1000,
  /** The same for who waits until all are there: the start, above all. */
  ready_again: 100,
  /** What running requests get to finish when the gateway stops. */
  drain: 8000,
};

export type Limits = typeof limits;
