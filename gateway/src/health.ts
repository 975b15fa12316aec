import type { Service } from '@clientela/contracts';
import { jsonText, startPeriodicWorker } from '@clientela/runtime';
import type { Limits } from './limits.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import type { Upstream } from './upstreams.ts';

type State = 'up' | 'down';
type ServiceStates = Partial<Record<Service, State>>;

/** Polls each service's readiness in the background, and on request when the last result is too old. */
export function startReadinessPoller(upstreams: readonly Upstream[], limits: Limits) {
  let lastStates: ServiceStates = Object.fromEntries(upstreams.map(({ service }) => [service, 'down']));
  let polledAt = -Infinity;

  const fetchState = async ({ service, url }: Upstream, closed: AbortSignal): Promise<[Service, State]> => {
    try {
      const signal = AbortSignal.any([closed, AbortSignal.timeout(limits.readinessTimeout)]);
      const response = await fetch(new URL('/ready', url), { redirect: 'error', signal });
      await response.arrayBuffer();
      return [service, response.ok ? 'up' : 'down'];
    } catch {
      return [service, 'down'];
    }
  };
  const poller = startPeriodicWorker({
    intervalMs: limits.readinessInterval,
    run: async (signal) => {
      lastStates = Object.fromEntries(await Promise.all(upstreams.map((upstream) => fetchState(upstream, signal))));
      polledAt = performance.now();
    },
  });

  return {
    /** @param recheck polls at once when a service was down, for callers that wait for all services */
    current: async (recheck = false) => {
      const isUrgent = recheck && Object.values(lastStates).includes('down');
      const maxAge = isUrgent ? limits.readinessRecheckInterval : limits.readinessInterval;
      if (performance.now() - polledAt > maxAge) await poller.runNow();
      return lastStates;
    },
    close: () => void poller.stop(),
  };
}

const sendJson = (res: GatewayResponse, body: unknown): void => void res.type('json').send(jsonText(body));

type HealthSources = {
  version: string;
  /** Whether tokens can be verified. */
  isStarted: () => boolean;
  isDraining: () => boolean;
  serviceStates: (recheck: boolean) => Promise<ServiceStates>;
};

/** The routes that the gateway serves itself, by path. */
export function builtInRoutes(sources: HealthSources): Record<string, Middleware> {
  const { isStarted, isDraining, serviceStates } = sources;
  const identity = { service: 'gateway', version: sources.version };
  return {
    '/': (_req, res) =>
      sendJson(res, { message: 'Clientela, a customer-data backend', ...identity, docs_url: '/docs' }),
    '/health': (_req, res) => sendJson(res, { status: 'healthy', ...identity }),
    '/ready': async (req, res) => {
      const requireAll = /[?&]all=1(?:&|$)/.test(req.url);
      const services = await serviceStates(requireAll);
      const isAnyDown = Object.values(services).includes('down');
      const isReady = isStarted() && !isDraining() && !(isAnyDown && requireAll);
      const status = isDraining() ? 'draining' : !isStarted() ? 'starting' : isAnyDown ? 'degraded' : 'ready';
      if (!isReady) res.setHeader('Retry-After', '1');
      res.setHeader('Cache-Control', 'no-store');
      res.status(isReady ? 200 : 503);
      sendJson(res, { status, ...identity, services });
    },
  };
}
