import type { IncomingMessage } from 'node:http';
import type { Service } from '@clientela/contracts';
import { AppError, malformed } from '@clientela/errors';
import { toOriginForm } from '@clientela/runtime';
import { sendOptions } from './cors.ts';
import type { Limits } from './limits.ts';
import type { Middleware } from './request-context.ts';
import { createRouter, isInternal, readPath, type Match } from './router.ts';
import type { Route, Upstream } from './upstreams.ts';

/** The target of a request: a service's route, or one built into the gateway. */
type RouteTarget = ServiceRoute | { builtIn: Middleware };
export type ServiceRoute = { service: Service; route: Route };

const noSuchRoute = () => new AppError('not_found', { detail: 'No such route' });

/** Rejects request targets that later middleware could misread. Serves the absolute form only for its own host. */
export const validateRequestTarget =
  (limits: Limits): Middleware =>
  (req, _res, next) => {
    req.url = readTarget(req, limits);
    next();
  };

/**
 * Reads the target of a request as a path and its query.
 * @throws AppError for one that could be misread
 */
export function readTarget(req: IncomingMessage, limits: Limits): string {
  // The parser also accepts 0.9 and 2.0.
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0')
    throw new AppError('http_version', { detail: 'The HTTP version must be 1.1 or 1.0' });
  const { url = '', headers } = req;
  if (url.length > limits.maxUrlLength)
    throw new AppError('uri_too_long', { detail: `The URL exceeds ${limits.maxUrlLength} characters` });
  if (headers.host === undefined && req.httpVersion === '1.1') throw malformed('Missing Host header');
  if (hasTwoHosts(req.rawHeaders)) throw malformed('The Host header is repeated');
  const target = toOriginForm(url, headers.host);
  if (target === undefined) throw malformed('The authority of the request target is not the Host');
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(target))
    throw malformed('The request target is not a path of visible ASCII characters');
  return target;
}

/** Whether two lines name the host (RFC 9112, 3.2). Node keeps the first and drops the others. */
function hasTwoHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

const methodNotAllowed = (methods: string) =>
  new AppError('method_not_allowed', { detail: `Allowed methods: ${methods}`, headers: { Allow: methods } });

/** Lists the methods of a path for `Allow`. */
const listMethods = (methods: ReadonlyMap<string, unknown>): string =>
  [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS'].toSorted().join(', ');

export type RouteMatching = {
  /** Matches a request to its route and rewrites its URL to exactly the path that matched. */
  middleware: Middleware;
  /**
   * Finds the route of a service for a method and a target.
   * @throws AppError 404, or 400 for a malformed path
   */
  findServiceRoute: (method: string, target: string) => ServiceRoute | undefined;
  /** The error of a request whose method node's parser does not know: 405 for a known path, else 404. */
  unknownMethod: (target: string) => AppError;
};

/** @throws when a method and template are declared twice, or a service declares an internal path */
export function matchRoutes(
  upstreams: readonly Upstream[],
  builtIn: Readonly<Record<string, Middleware>>,
): RouteMatching {
  const router = createRouter<RouteTarget>();
  for (const [template, middleware] of Object.entries(builtIn)) router.add('GET', template, { builtIn: middleware });
  for (const { service, routes } of upstreams) {
    for (const route of routes) {
      if (isInternal(readPath(route.template)?.segments ?? []))
        throw new Error(`${service} declares the internal path ${route.template}`);
      router.add(route.method, route.template, { service, route });
    }
  }

  /** @throws AppError 404, or 400 for a malformed path */
  const find = (url: string) => {
    const query = url.indexOf('?');
    const path = readPath(query === -1 ? url : url.slice(0, query));
    const match = path && !isInternal(path.segments) ? router.match(path.segments) : undefined;
    if (!path || !match) throw noSuchRoute();
    return { match, canonicalUrl: query === -1 ? path.canonical : path.canonical + url.slice(query) };
  };

  const targetOf = ({ methods }: Match<RouteTarget>, method: string) => methods.get(method === 'HEAD' ? 'GET' : method);

  const findServiceRoute = (method: string, url: string): ServiceRoute | undefined => {
    const target = targetOf(find(url).match, method);
    return target && 'service' in target ? target : undefined;
  };

  const middleware: Middleware = (req, res, next) => {
    const { match, canonicalUrl } = find(req.url);
    res.locals.context.template = match.template;
    if (req.method === 'OPTIONS') return sendOptions(req, res, listMethods(match.methods));
    const target = targetOf(match, req.method);
    if (!target) throw methodNotAllowed(listMethods(match.methods));
    if ('builtIn' in target) return target.builtIn(req, res, next);
    res.locals.context.route = target.route;
    res.locals.context.service = target.service;
    req.url = canonicalUrl;
    next();
  };

  const unknownMethod = (target: string): AppError => {
    try {
      return methodNotAllowed(listMethods(find(target).match.methods));
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  };

  return { middleware, findServiceRoute, unknownMethod };
}
