/** Every size (bytes) and time (milliseconds) that the gateway enforces on clients and services. */
export const limits = {
  /** Longest request target, query included. */
  maxUrlLength: 8 * 1024,
  /** All header lines of a request together; node's parser enforces it. */
  maxHeaderSize: 16 * 1024,
  /** Longest access token that is verified; ours have about 500 characters. */
  maxTokenLength: 4096,
  /** Clock difference between auth and the gateway. */
  clockToleranceSeconds: 5,
  /** Verified tokens in the cache. */
  tokenCacheSize: 10_000,
  /** API keys in the cache, and as many unknown ones. */
  apiKeyCacheSize: 10_000,
  /** How long auth's response about an API key is remembered, and that it knows none. */
  apiKeyLifetime: 5 * 60_000,
  unknownApiKeyLifetime: 10_000,
  /** To ask auth about an API key; how many may be asked at once; and how long known ones are used without asking after a failure. */
  apiKeyTimeout: 2000,
  maxPendingApiKeys: 256,
  apiKeyRetryInterval: 1000,
  /** Between two reports of the use of one API key. */
  apiKeyReportInterval: 60_000,
  maxConnections: 10_000,
  /** Requests of one connection that may wait for its response in progress. */
  maxPipelined: 32,
  /** From the first byte of a connection to the end of the headers. */
  headersTimeout: 10_000,
  /** For the whole server, so as long as the longest upload; `proxy.ts` enforces each route's own deadline. */
  requestTimeout: 3_600_000,
  connectionsCheckInterval: 2000,
  /** Longer than the 60 s after which load balancers usually drop an idle connection. */
  keepAliveTimeout: 65_000,
  /**
   * Rejects a body below `minBodyRate` bytes per second, measured over windows of `rateWindow`. A response in progress at its
   * deadline may continue at that rate.
   */
  minBodyRate: 1000,
  rateWindow: 10_000,
  /** How long, and how much of, a rejected body is read and discarded, so that the client receives the response. */
  lingerTimeout: 5000,
  maxLingerBytes: 32 * 1024 * 1024,
  /** Cuts off a client that takes nothing for this long while more than `stallBytes` wait for it; streams as below. */
  stallTimeout: 3000,
  stallBytes: 256 * 1024,
  /** Cuts off a client that takes nothing of a complete response for this long, however short it is. */
  unreadTimeout: 60_000,
  /** What is read ahead of a slow client: of one response, and of all together. */
  maxBufferedResponse: 2 * 1024 * 1024,
  maxBufferedTotal: 8 * 1024 * 1024,
  /** Longest time without a byte on a stream, which has no total deadline. */
  streamIdleTimeout: 60_000,
  /** Reads of one company at one service at once while other companies use it; more wait for their turn, at most this long. */
  maxReadsPerCompany: 2,
  maxTurnWait: 2000,
  /** A service counts as shared for this long after another company used it. */
  serviceSharedFor: 10_000,
  /**
   * Requests in progress at one replica of a service, and twice as many at all services; requests that wait in a queue of their service
   * and bulk requests count apart. Together as many as a service accepts, and fewer than connections, so that none waits for one.
   */
  maxInFlight: 128,
  maxQueuedInFlight: 256,
  /** How many of those that wait in a queue are sent to a replica at once: enough to keep it busy. The others wait here, which is cheaper. */
  maxQueuedSent: 16,
  maxBulkInFlight: 128,
  /** Beyond this average delay of the event loop fewer requests are admitted. */
  maxLoopDelay: 50,
  /** Connections to one replica of a service, for each transport; further requests wait until their deadline. */
  maxUpstreamSockets: 1024,
  /** Closes an idle connection to a service long before the service does (65 s), so that the two never race. */
  upstreamIdleTimeout: 4000,
  /** To open a connection to a service; longer than one lost packet takes. */
  connectTimeout: 2500,
  /**
   * Reads that a service may receive twice at once, because their connections were reset: as many as a replica that ends has in
   * progress. Over time a tenth of the requests.
   */
  maxSavedRetries: 128,
  /** How long a replica that failed gets no requests: at first, and at most. Doubles with each failure. */
  ejectionTime: 500,
  maxEjectionTime: 10_000,
  jwksTimeout: 2000,
  /** Between attempts until keys, or revocations, were fetched once. */
  startupRetryInterval: 200,
  /** For so long it is normal that auth, which starts at the same time, is not there yet. */
  startupGrace: 20_000,
  jwksRefreshInterval: 60_000,
  /** Unknown `kid`s fetch the key set at most this often. */
  jwksOnDemandInterval: 5000,
  /** From the start of one poll to the next; with the timeout below, a sign-out takes effect here within 2 s. */
  revocationsInterval: 1000,
  /** Between two fetches that announcements of auth cause, so that many sign-outs do not make as many. */
  revocationsRefreshInterval: 50,
  revocationsTimeout: 900,
  /** For the first poll, or one after an outage of auth: its response may be long. */
  revocationsCatchUpTimeout: 5000,
  /** After this long without a response the full list is fetched. */
  revocationsFullFetchAfter: 15 * 60_000,
  /** Each poll reaches back by this much, because a transaction may commit after its timestamp. */
  revocationsOverlap: 15_000,
  /** Keeps an entry longer by this much, for clock differences between auth and the gateway. */
  revocationsClockMargin: 30_000,
  /** Revoked sessions in memory; `revocations.ts` says what happens beyond. */
  maxRevokedSessions: 500_000,
  readinessTimeout: 900,
  readinessInterval: 1000,
  /** The same for `/ready?all=1` while a service is down, so that a start is reported at once. */
  readinessRecheckInterval: 100,
  /** How long running requests may take when the gateway stops. */
  shutdownTimeout: 8000,
};

export type Limits = typeof limits;
