import type { IncomingMessage, ServerResponse } from 'node:http';
import { legacyProblem } from '@clientela/contracts';
import { createProblem } from '@clientela/errors';
import { jsonText, requestIdOf, type Log, type RequestMetrics } from '@clientela/runtime';
import { hasBody, lingeringClose } from './body.ts';
import type { Limits } from './limits.ts';
import { rejection, type LoadShedding } from './load-shedding.ts';
import { rejections } from './metrics.ts';
import type { Header } from './response-headers.ts';
import { readTarget, type RouteMatching, type ServiceRoute } from './route-matching.ts';

const logInterval = 1000; // milliseconds

/** A problem document in ASCII without its time and the request's id, and the length of all but the id. */
type PreparedBody = { beforeTime: string; beforeId: string; end: string; length: number };

/** @param template of the route: the older API has further members */
function prepareBody(template: string): PreparedBody {
  const { body } = createProblem(rejection, '<id>');
  const text = jsonText(legacyProblem(template, { ...body, timestamp: '<time>' }));
  const [beforeTime = '', beforeId = '', end = ''] = text.split(/<time>|<id>/);
  return {
    beforeTime,
    beforeId,
    end,
    length: beforeTime.length + body.timestamp.length + beforeId.length + end.length,
  };
}

export type Refusals = {
  /** Responds to a request that load shedding rejects. @returns whether it did; otherwise the app handles the request */
  refuse: (req: IncomingMessage, res: ServerResponse) => boolean;
  close: () => void;
};

/**
 * Refuses what load shedding rejects before Express runs: what a refusal costs is missing for the requests that are admitted. The response
 * is the one that the app would send. Leaves whatever is unusual to the app. Has no log line for each refusal and no span, but one
 * line a second with their number.
 */
export function createRefusals(options: {
  shedding: LoadShedding;
  routes: RouteMatching;
  headersFor: (origin: string | undefined) => readonly Header[];
  metrics: RequestMetrics;
  limits: Limits;
  log: Log;
}): Refusals {
  const { shedding, routes, headersFor, metrics, limits, log } = options;
  const { status, headers } = createProblem(rejection, '');
  const own = Object.entries(headers);
  const bodies = new Map<string, PreparedBody>();
  const heads = new Map<readonly Header[], string[]>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;

  const logCount = () => {
    clearTimeout(timer);
    timer = undefined;
    if (count > 0) log.warn({ refused: count, status, error_type: rejection.error_code }, 'overloaded');
    count = 0;
  };

  const bodyFor = (template: string): PreparedBody => {
    const known = bodies.get(template); // as many as there are routes
    if (known) return known;
    const body = prepareBody(template);
    bodies.set(template, body);
    return body;
  };
  const headFor = (common: readonly Header[]): string[] => {
    const known = heads.get(common); // as many as there are allowed origins
    if (known) return known;
    const replaced = new Set(own.map(([name]) => name.toLowerCase()));
    const head = [...common.filter(([name]) => !replaced.has(name.toLowerCase())), ...own].flat();
    heads.set(common, head);
    return head;
  };

  const find = (req: IncomingMessage): ServiceRoute | undefined => {
    try {
      return routes.findServiceRoute(req.method ?? '', readTarget(req, limits));
    } catch {
      return undefined;
    }
  };

  const refuse = (req: IncomingMessage, res: ServerResponse): boolean => {
    if (!shedding.isBusy()) return false;
    // Without a socket the response waits for an earlier one of the connection.
    if (res.socket?.writableLength !== 0 || !res.shouldKeepAlive) return false;
    if (req.headers.expect !== undefined || req.headers.upgrade !== undefined) return false;
    const found = find(req);
    if (!found || !shedding.isFull(found.route, found.service)) return false;

    const startedAt = performance.now();
    const { template } = found.route;
    const request_id = requestIdOf(req.headers);
    const { beforeTime, beforeId, end, length } = bodyFor(template);
    res.writeHead(status, [
      'X-Request-Id',
      request_id,
      ...headFor(headersFor(req.headers.origin)),
      'Content-Length',
      String(length + request_id.length),
      'Connection',
      'keep-alive',
    ]);
    if (hasBody(req))
      res.once('close', () => {
        if (res.writableFinished && !req.complete) lingeringClose(req, limits, false);
      });
    const { socket } = res;
    // Latin-1 is written faster than UTF-8.
    res.end(beforeTime + new Date().toISOString() + beforeId + request_id + end, 'latin1');
    // Node sets its own timeout once the client has taken the response.
    if (socket.writableLength > 0) socket.setTimeout(limits.unreadTimeout);

    rejections.add({ reason: 'overloaded' });
    metrics.count(req.method ?? '', template, status, performance.now() - startedAt);
    count += 1;
    timer ??= setTimeout(logCount, logInterval).unref();
    return true;
  };
  return { refuse, close: logCount };
}
