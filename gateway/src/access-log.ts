import { requestIdOf, type Log } from '@clientela/runtime';
import { lingeringClose } from './body.ts';
import type { Limits } from './limits.ts';
import type { Middleware, RequestContext } from './request-context.ts';

/** Logged at debug level: monitors call these about once a second. */
const quietRoutes = new Set(['/health', '/ready']);

/** Creates the request context and logs one line per request. Never logs paths, queries, addresses or bodies. */
export const accessLog =
  (log: Log, limits: Limits): Middleware =>
  (req, res, next) => {
    const context: RequestContext = {
      request_id: requestIdOf(req.headers),
      started: performance.now(),
      template: undefined,
      route: undefined,
      service: undefined,
      actor: undefined,
      failure: undefined,
    };
    res.locals.context = context;
    res.setHeader('X-Request-Id', context.request_id);
    res.setMaxListeners(20); // several middleware and the proxy wait for its end
    const closeWhenRead = !res.shouldKeepAlive;
    res.once('close', () => {
      if (res.writableFinished && !req.complete) lingeringClose(req, limits, closeWhenRead);
      log[quietRoutes.has(context.template ?? '') ? 'debug' : 'info']({
        request_id: context.request_id,
        method: req.method,
        route: context.template ?? 'unmatched',
        status: res.statusCode,
        ms: Math.round((performance.now() - context.started) * 10) / 10,
        ...(context.actor && { actor_id: context.actor.user_id, company_id: context.actor.company_id }),
        ...(context.failure !== undefined && { failure: context.failure }),
        ...(!res.writableFinished && { cut_off: true }),
      });
    });
    next();
  };
