import type { Service } from '@clientela/contracts';
import { AppError, malformed } from '@clientela/errors';
import type { Limits } from './limits.ts';
import { createRouter, isInternal, readPath } from './router.ts';
import type { Route, Upstream } from './upstreams.ts';
import type { Door } from './visit.ts';

/** Where a request goes: to a service, or to a page of the gateway's own. */
export type Destination = { service: Service; route: Route } | { page: Door };

const nothingHere = () => new AppError('not_found', { detail: 'There is nothing at this path' });

/** Refuses what no later door could read safely. Absolute addresses belong to forward proxies, which this is not. */
export const readable =
  (limits: Limits): Door =>
  (req, _res, next) => {
    if (req.url.length > limits.url)
      throw new AppError('uri_too_long', { detail: `The address may have at most ${limits.url} characters` });
    if (!/^\/[\x21\x22\x24-\x7e]*$/.test(req.url))
      throw malformed('The address is not a path of visible ASCII characters');
    if (req.headers.host === undefined && req.httpVersion === '1.1') throw malformed('The Host header is missing');
    next();
  };

/**
 * Finds the one destination of a request, and makes its address exactly what was matched.
 * @throws when two services, or a service and the gateway, declare one method and template, or a service an internal path
 */
export function findRoute(upstreams: readonly Upstream[], pages: Readonly<Record<string, Door>>): Door {
  const router = createRouter<Destination>();
  for (const [template, page] of Object.entries(pages)) router.add('GET', template, { page });
  for (const { service, routes } of upstreams) {
    for (const route of routes) {
      if (isInternal(readPath(route.template)?.segments ?? []))
        throw new Error(`${service} shows the internal path ${route.template}`);
      router.add(route.method, route.template, { service, route });
    }
  }

  return (req, res, next) => {
    const query = req.url.indexOf('?');
    const path = readPath(query === -1 ? req.url : req.url.slice(0, query));
    const found = path && !isInternal(path.segments) ? router.match(path.segments) : undefined;
    if (!path || !found) throw nothingHere();
    res.locals.visit.template = found.template;
    const to = found.methods.get(req.method === 'HEAD' ? 'GET' : req.method);
    if (!to) {
      const allow = [...found.methods.keys(), ...(found.methods.has('GET') ? ['HEAD'] : [])].toSorted().join(', ');
      throw new AppError('method_not_allowed', { detail: `This path takes ${allow}`, headers: { Allow: allow } });
    }
    if ('page' in to) return to.page(req, res, next);
    res.locals.visit.route = to.route;
    res.locals.visit.service = to.service;
    req.url = query === -1 ? path.canonical : path.canonical + req.url.slice(query);
    next();
  };
}
