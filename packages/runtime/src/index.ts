export { readEnvironment, readSecretFiles, EnvironmentError, environment } from './environment.ts';
export { createLog, requestLog } from './log.ts';
export { openLog } from './process-log.ts';
export type { Log } from './log.ts';
export { runProcess } from './lifecycle.ts';
export type { Drain, ProcessHooks, ShutdownHook } from './lifecycle.ts';
export { createRateLimiter } from './rate-limiter.ts';
export type { RateCounter, WindowUse } from './rate-counter.ts';
export { connectRedis } from './redis.ts';
export type { Redis } from './redis.ts';
export { requestIdOf } from './request-id.ts';
export { toOriginForm } from './request-target.ts';
export {
  drainDelayMs,
  drainSettings,
  Environment,
  eventSettings,
  logSettings,
  MetricsToken,
  isRefusedPort,
  Port,
  PerWindow,
  Rate,
  RateLimits,
  RedisUrl,
  secretForHs256,
  ServiceKey,
  serviceSettings,
  ServiceUrl,
  tokenSettings,
  traceSettings,
} from './settings.ts';
export type { LogSettings, TraceSettings } from './settings.ts';
export { backoff } from './backoff.ts';
export { createRetryBudget } from './retry-budget.ts';
export type { RetryBudget } from './retry-budget.ts';
export { readCommandLine, runCommand } from './command.ts';
export { createConcurrencyLimiter } from './concurrency-limiter.ts';
export type { ConcurrencyLimiter } from './concurrency-limiter.ts';
export { closeConnectionsWhen, closeGracefully, listenOn } from './http-server.ts';
export { createExpressMessages } from './express-messages.ts';
export type { ExpressMessages } from './express-messages.ts';
export { deriveKey } from './key-derivation.ts';
export { startPeriodicWorker } from './periodic-worker.ts';
export type { PeriodicWorker } from './periodic-worker.ts';
export {
  currentSpan,
  endSpan,
  failSpan,
  inSpan,
  isTracing,
  runAndEnd,
  runInSpan,
  startSpan,
  startTrace,
  startTracing,
  traceparent,
} from './tracing.ts';
export type { Span } from './tracing.ts';
export { parseTraceparent } from './traceparent.ts';
export type { TraceContext } from './traceparent.ts';
export { jsonText } from './json-text.ts';
export {
  addCounts,
  counter,
  exposeMetrics,
  gauge,
  histogram,
  newMetrics,
  readGauge,
  reportCounts,
  startProcessMetrics,
} from './metrics.ts';
export type { Count, Metrics, Reading } from './metrics.ts';
export { lowerPriority } from './priority.ts';
export { createRequestMetrics, statusOf } from './request-metrics.ts';
export type { RequestMetrics } from './request-metrics.ts';
