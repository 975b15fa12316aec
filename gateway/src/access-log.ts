import { requestIdOf, requestLog, statusOf, type Log, type RequestMetrics } from '@clientela/runtime';
import { lingeringClose } from './body.ts';
import type { Config } from './config.ts';
import type { Limits } from './limits.ts';
import type { Middleware, RequestContext } from './request-context.ts';
import { endRequestSpan, startRequestSpan } from './tracing.ts';

/** Logged at debug level and never traced: monitors call these every few seconds. */
const quietRoutes = new Set(['/health', '/ready', '/metrics']);

/** Creates the request context, measures each request and logs one line for it. Never logs paths, queries, addresses or bodies. */
export function accessLog(
  log: Log,
  metrics: RequestMetrics,
  limits: Limits,
  options: Pick<Config, 'TRUST_TRACEPARENT'>,
): Middleware {
  const trustsTraceparent = options.TRUST_TRACEPARENT === 'on';
  const writeLine = requestLog(log);
  return (req, res, next) => {
    const context: RequestContext = {
      request_id: requestIdOf(req.headers),
      started: performance.now(),
      span: startRequestSpan(req, trustsTraceparent),
      template: undefined,
      route: undefined,
      service: undefined,
      actor: undefined,
      failure: undefined,
    };
    res.locals.context = context;
    res.setHeader('X-Request-Id', context.request_id);
    res.setMaxListeners(20); // several middleware and the proxy wait for its end
    const measured = metrics.start(() => context.route?.kind);
    const closeWhenRead = !res.shouldKeepAlive;
    res.once('close', () => {
      if (res.writableFinished && !req.complete) lingeringClose(req, limits, closeWhenRead);
      const route = context.template ?? 'unmatched';
      const milliseconds = performance.now() - context.started;
      const status = statusOf(res);
      measured(req.method, route, status, milliseconds);
      const isQuiet = quietRoutes.has(route);
      if (context.span && !isQuiet) endRequestSpan(context.span, req, status, context);
      // Those that are undefined are not written.
      const fields = {
        method: req.method,
        route,
        status,
        ms: Math.round(milliseconds * 10) / 10,
        request_id: context.request_id,
        trace_id: context.span?.trace.id,
        actor_id: context.actor?.id,
        company_id: context.actor?.company_id,
        error_type: context.error_type,
        failure: context.failure,
        cut_off: res.writableFinished ? undefined : true,
      };
      if (isQuiet) log.debug(fields);
      else writeLine(fields);
    });
    next();
  };
}
