import type { Service } from '@clientela/contracts';
import { AppError, malformed } from '@clientela/errors';
import { toOriginForm } from '@clientela/runtime';
import type { Limits } from './limits.ts';
import type { Middleware } from './request-context.ts';
import { createRouter, isInternal, readPath } from './router.ts';
import type { Route, Upstream } from './upstreams.ts';

/** The target of a request: a service's route, or one built into the gateway. */
type RouteTarget = { service: Service; route: Route } | { builtIn: Middleware };

const noSuchRoute = () => new AppError('not_found', { detail: 'No such route' });

/** Rejects request targets that later middleware could misread. Serves the absolute form only for its own host. */
export const validateRequestTarget =
  (limits: Limits): Middleware =>
  (req, _res, next) => {
    // The parser also accepts 0.9 and 2.0.
    if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0')
      throw new AppError('http_version', { detail: 'The HTTP version must be 1.1 or 1.0' });
    if (req.url.length > limits.maxUrlLength)
      throw new AppError('uri_too_long', { detail: `The URL exceeds ${limits.maxUrlLength} characters` });
    if (req.headers.host === undefined && req.httpVersion === '1.1') throw malformed('Missing Host header');
    if (hasTwoHosts(req.rawHeaders)) throw malformed('The Host header is repeated');
    const target = toOriginForm(req.url, req.headers.host);
    if (target === undefined) throw malformed('The authority of the request target is not the Host');
    if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target))
      throw malformed('The request target is not a path of visible ASCII characters');
    req.url = target;
    next();
  };

/** Whether two lines name the host (RFC 9112, 3.2). Node keeps the first and drops the others. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/**
 * Matches a request to its route and rewrites its URL to exactly the path that matched.
 * @throws when a method and template are declared twice, or a service declares an internal path
 */
export function matchRoute(upstreams: readonly Upstream[], builtIn: Readonly<Record<string, Middleware>>): Middleware {
  const router = createRouter<RouteTarget>();
  for (const [template, middleware] of Object.entries(builtIn)) router.add('GET', template, { builtIn: middleware });
  for (const { service, routes } of upstreams) {
    for (const route of routes) {
      if (isInternal(readPath(route.template)?.segments ?? []))
        throw new Error(`${service} declares the internal path ${route.template}`);
      router.add(route.method, route.template, { service, route });
    }
  }

  return (req, res, next) => {
    const query = req.url.indexOf('?');
    const path = readPath(query === -1 ? req.url : req.url.slice(0, query));
    const match = path && !isInternal(path.segments) ? router.match(path.segments) : undefined;
    if (!path || !match) throw noSuchRoute();
    res.locals.context.template = match.template;
    const target = match.methods.get(req.method === 'HEAD' ? 'GET' : req.method);
    if (!target) {
      const allow = [...match.methods.keys(), ...(match.methods.has('GET') ? ['HEAD'] : [])].toSorted().join(', ');
      throw new AppError('method_not_allowed', { detail: `Allowed methods: ${allow}`, headers: { Allow: allow } });
    }
    if ('builtIn' in target) return target.builtIn(req, res, next);
    res.locals.context.route = target.route;
    res.locals.context.service = target.service;
    req.url = query === -1 ? path.canonical : path.canonical + req.url.slice(query);
    next();
  };
}
