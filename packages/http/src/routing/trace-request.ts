import { endSpan, failSpan, isTracing, parseTraceparent, runInSpan, startTrace, statusOf } from '@clientela/runtime';
import type { Request, Response } from 'express';
import type { Allow, Route } from './route.ts';

const permissionOf = (allow: Allow): string =>
  typeof allow === 'string' ? allow : 'permission' in allow ? allow.permission : 'internal';

/** Runs the handler of a route as a span, from here to the end of the response; without tracing it only runs it. */
export function traceRequest<T>(definition: Route, request: Request, response: Response, run: () => T): T {
  if (!isTracing()) return run();
  const { path, allow, kind } = definition;
  const caller = parseTraceparent(request.headers['traceparent']);
  const isDelivery = definition.receivesEvents === true;
  const span = startTrace(
    `${request.method} ${path}`,
    isDelivery ? 'consumer' : 'server',
    isDelivery ? { follows: caller } : { parent: caller },
  );
  if (!span) return run();
  response.locals['trace_id'] = span.trace.id;
  response.once('close', () => {
    const status = statusOf(response);
    span.attributes['http.request.method'] = request.method;
    span.attributes['http.route'] = path;
    span.attributes['http.response.status_code'] = status;
    span.attributes['clientela.permission'] = permissionOf(allow);
    if (status >= 500) failSpan(span, (response.locals['error_type'] as string | undefined) ?? String(status));
    endSpan(span, { isStream: kind === 'stream' });
  });
  return runInSpan(span, run);
}
