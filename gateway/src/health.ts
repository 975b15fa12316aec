import type { Service } from '@clientela/contracts';
import type { Limits } from './limits.ts';
import type { Upstream } from './upstreams.ts';
import type { Door } from './visit.ts';

type State = 'up' | 'down';

/** Whether each service is ready: asked every second in the background, and at the request when what is known is older. */
export function watchServices(upstreams: readonly Upstream[], limits: Limits) {
  let known: Partial<Record<Service, State>> = Object.fromEntries(upstreams.map(({ service }) => [service, 'down']));
  let known_at = -Infinity;
  let running: Promise<void> | undefined;
  const closed = new AbortController();

  const ask = async ({ service, url }: Upstream): Promise<[Service, State]> => {
    try {
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(limits.ready_call)]);
      const answer = await fetch(new URL('/ready', url), { redirect: 'error', signal });
      await answer.arrayBuffer();
      return [service, answer.ok ? 'up' : 'down'];
    } catch {
      return [service, 'down'];
    }
  };
  const askAll = async () => {
    known = Object.fromEntries(await Promise.all(upstreams.map(ask)));
    known_at = performance.now();
  };
  const refresh = () => (running ??= askAll().finally(() => (running = undefined)));
  const timer = setInterval(() => void refresh(), limits.ready_age).unref();
  void refresh();

  return {
    /** @param missing whether those that were away are asked again at once, by whoever waits for them */
    current: async (missing = false) => {
      const again = missing && Object.values(known).includes('down');
      if (performance.now() - known_at > (again ? limits.ready_again : limits.ready_age)) await refresh();
      return known;
    },
    close: () => {
      clearInterval(timer);
      closed.abort();
    },
  };
}

type Health = {
  version: string;
  /** Whether tokens can be verified. */
  started: () => boolean;
  draining: () => boolean;
  services: (missing: boolean) => Promise<Partial<Record<Service, State>>>;
};

/** The gateway's own pages, by path. */
export function ownPages({ version, started, draining, services }: Health): Record<string, Door> {
  const own = { service: 'gateway', version };
  return {
    '/': (_req, res) => void res.json({ message: 'Clientela, a customer-data backend', ...own, docs_url: '/docs' }),
    '/health': (_req, res) => void res.json({ status: 'healthy', ...own }),
    '/ready': async (req, res) => {
      const all = /[?&]all=1(?:&|$)/.test(req.url);
      const states = await services(all);
      const missing = Object.values(states).includes('down');
      const open = started() && !draining();
      const status = draining() ? 'draining' : !started() ? 'starting' : missing ? 'degraded' : 'ready';
      const good = open && !(missing && all);
      if (!good) res.setHeader('Retry-After', '1');
      res.setHeader('Cache-Control', 'no-store');
      res.status(good ? 200 : 503).json({ status, ...own, services: states });
    },
  };
}
