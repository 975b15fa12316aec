import type { Service } from '@clientela/contracts';
import { overloaded } from '@clientela/errors';
import { hasBody } from './body.ts';
import type { Limits } from './limits.ts';
import type { Middleware } from './request-context.ts';
import { waitsInQueue, type Route, type Upstream } from './upstreams.ts';

/**
 * `bulk`: exports, uploads, event streams, and whatever else may take longer than a person waits. `queued`: writes that wait in a queue
 * of their service.
 */
type Priority = 'read' | 'write' | 'queued' | 'bulk';

/** The share of the limit up to which requests are admitted: the least urgent are shed first. */
const shares: Record<Priority, number> = { read: 1, write: 0.8, queued: 0.8, bulk: 0.5 };

const priorityOf = (route: Route): Priority => {
  if (route.kind !== 'json' || route.deadline > 15_000) return 'bulk';
  if (waitsInQueue(route)) return 'queued';
  return route.method === 'GET' ? 'read' : 'write';
};

/** How requests are counted: short ones together, the others apart. */
const countOf = (priority: Priority) => (priority === 'read' || priority === 'write' ? 'short' : priority);

/** Created once: its stack trace would cost more than the rest of a rejection. */
export const rejection = overloaded();

/** Measures the delay of the event loop as a moving average of about half a second. */
function startDelayMeter(intervalMs: number): { delay: () => number; stop: () => void } {
  let average = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    average += 0.1 * (Math.max(0, now - last - intervalMs) - average);
    last = now;
  }, intervalMs);
  timer.unref();
  return { delay: () => average, stop: () => clearInterval(timer) };
}

/**
 * Computes how many requests may be in progress: fewer the longer the event loop is delayed beyond `maxLoopDelay`, but never less than
 * three quarters, which is more than one company may hold: it must not take the place of the others (docs/adr/0025).
 */
export const admissionLimit = (max: number, delay: number, maxLoopDelay: number): number =>
  Math.round(max * Math.min(1, Math.max(3 / 4, maxLoopDelay / delay)));

export type LoadShedding = {
  middleware: Middleware;
  /** Whether some requests may be rejected now. Costs next to nothing, unlike finding the route of a request. */
  isBusy: () => boolean;
  /** Whether a request for a route of this service is rejected now. */
  isFull: (route: Route, service: Service) => boolean;
  close: () => void;
};

/**
 * Rejects what the gateway or a service could not finish in time, before any work is done for it. Reads outlast writes, and writes
 * outlast bulk requests; the gateway's own routes never come here. Runs again once a body has arrived, and counts its request then: a
 * slow client is no work. For the same reason only a bulk request counts after its service has responded.
 */
export function createLoadShedding(upstreams: readonly Upstream[], limits: Limits): LoadShedding {
  const meter = startDelayMeter(50);
  const newCount = () => ({ short: 0, queued: 0, bulk: 0 });
  /** Of one replica. */
  const bounds = { short: Infinity, queued: limits.maxQueuedInFlight, bulk: limits.maxBulkInFlight };
  const total = newCount();
  const counts = new Map<Service, ReturnType<typeof newCount>>(upstreams.map(({ service }) => [service, newCount()]));
  const replicas = new Map(upstreams.map(({ service, urls }) => [service, urls.length]));
  const mostReplicas = Math.max(1, ...replicas.values()); // one service at its limit must not stop the others

  const currentLimit = () => admissionLimit(limits.maxInFlight, meter.delay(), limits.maxLoopDelay);
  const isBusy = () =>
    total.short >= shares.bulk * currentLimit() || total.queued >= bounds.queued || total.bulk >= bounds.bulk;
  const isFull = (route: Route, service: Service): boolean => {
    const count = counts.get(service);
    if (!count) return false;
    const priority = priorityOf(route);
    const limit = shares[priority] * currentLimit();
    const size = replicas.get(service) ?? 1;
    if (count.short >= limit * size || total.short >= limit * mostReplicas * 2) return true;
    const kind = countOf(priority);
    return count[kind] >= bounds[kind] * size;
  };

  const middleware: Middleware = (req, res, next) => {
    const { context } = res.locals;
    const { route, service } = context;
    const count = service && counts.get(service);
    if (!route || !count || context.work) return next();
    if (isFull(route, service)) throw rejection;

    if (hasBody(req) && !context.isBodyAwaited) return next();
    const kind = countOf(priorityOf(route));
    let isCounted = false;
    const setCounted = (isWork: boolean) => {
      if (isWork !== isCounted) for (const each of [count, total]) each[kind] += isWork ? 1 : -1;
      isCounted = isWork;
    };
    setCounted(true);
    const isBulk = kind === 'bulk';
    context.work = {
      start: () => setCounted(!res.closed),
      end: () => setCounted(isBulk && isCounted),
    };
    res.once('close', () => setCounted(false));
    next();
  };
  return { middleware, isBusy, isFull, close: meter.stop };
}
