import type { Service } from '@clientela/contracts';
import { jsonText, startPeriodicWorker } from '@clientela/runtime';
import { acceptsHtml } from './console/pages.ts';
import type { Limits } from './limits.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';
import type { Probe, Replica, Replicas } from './replicas.ts';

type State = 'up' | 'down';
type ServiceStates = Partial<Record<Service, State>>;

/** Probes each replica's readiness in the background, and on request when the last result is too old. */
export function startReadinessPoller(services: ReadonlyMap<Service, Replicas>, limits: Limits) {
  let lastStates: ServiceStates = Object.fromEntries([...services.keys()].map((service) => [service, 'down']));
  let polledAt = -Infinity;

  const probe = async ({ url }: Replica, closed: AbortSignal): Promise<Probe> => {
    const timeout = AbortSignal.timeout(limits.readinessTimeout);
    try {
      const response = await fetch(new URL('/ready', url), {
        redirect: 'error',
        signal: AbortSignal.any([closed, timeout]),
      });
      await response.arrayBuffer();
      return response.ok ? 'ready' : 'unready';
    } catch {
      return timeout.aborted ? 'silent' : 'unready';
    }
  };
  /** A service is up while one of its replicas is ready. */
  const stateOf = async (service: Service, replicas: Replicas, closed: AbortSignal): Promise<[Service, State]> => {
    const probes = await Promise.all(
      replicas.all.map(async (replica) => {
        const result = await probe(replica, closed);
        if (!closed.aborted) replicas.probed(replica, result);
        return result;
      }),
    );
    return [service, probes.includes('ready') ? 'up' : 'down'];
  };
  const poller = startPeriodicWorker({
    intervalMs: limits.readinessInterval,
    run: async (signal) => {
      const states = [...services].map(([service, replicas]) => stateOf(service, replicas, signal));
      lastStates = Object.fromEntries(await Promise.all(states));
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
  /** Whether a browser finds the console here. */
  hasConsole: boolean;
  /** Whether tokens can be verified. */
  isStarted: () => boolean;
  isDraining: () => boolean;
  serviceStates: (recheck: boolean) => Promise<ServiceStates>;
  /** Redis, where one is configured. The gateway works without it, so `/ready` stays 200. */
  dependencyStates: () => { redis?: State };
};

/** The routes that the gateway serves itself, by path. */
export function builtInRoutes(sources: HealthSources): Record<string, Middleware> {
  const { isStarted, isDraining, serviceStates, dependencyStates } = sources;
  const identity = { service: 'gateway', version: sources.version };
  return {
    '/': (req, res) => {
      if (sources.hasConsole) res.vary('Accept');
      if (sources.hasConsole && acceptsHtml(req)) res.status(303).location('/console').end();
      else sendJson(res, { message: 'Clientela, a customer-data backend', ...identity, docs_url: '/docs' });
    },
    '/health': (_req, res) => sendJson(res, { status: 'healthy', ...identity }),
    '/ready': async (req, res) => {
      const requireAll = /[?&]all=1(?:&|$)/.test(req.url);
      const services = await serviceStates(requireAll);
      const dependencies = dependencyStates();
      const isAnyDown = Object.values({ ...services, ...dependencies }).includes('down');
      const isReady = isStarted() && !isDraining() && !(isAnyDown && requireAll);
      const status = isDraining() ? 'draining' : !isStarted() ? 'starting' : isAnyDown ? 'degraded' : 'ready';
      if (!isReady) res.setHeader('Retry-After', '1');
      res.setHeader('Cache-Control', 'no-store');
      res.status(isReady ? 200 : 503);
      sendJson(res, { status, ...identity, services, dependencies });
    },
  };
}
