import { endSpan, failSpan, isTracing, parseTraceparent, runInSpan, startTrace, type Span } from '@clientela/runtime';
import type { Request, Response } from 'express';
import type { Allow, Route } from './route.ts';

const permissionOf = (allow: Allow): string =>
  typeof allow === 'string' ? allow : 'permission' in allow ? allow.permission : 'internal';

/** Runs the handler of a route as a span, which `endRequestSpan` ends with the response; without tracing it only runs it. */
export function traceRequest<T>(definition: Route, request: Request, response: Response, run: () => T): T {
  if (!isTracing()) return run();
  const caller = parseTraceparent(request.headers['traceparent']);
  const isDelivery = definition.receivesEvents === true;
  const span = startTrace(
    `${request.method} ${definition.path}`,
    isDelivery ? 'consumer' : 'server',
    isDelivery ? { follows: caller } : { parent: caller },
  );
  if (!span) return run();
  response.locals['span'] = span;
  return runInSpan(span, run);
}

/** Ends the span of a request. @param error_type of the problem document, if one was sent */
export function endRequestSpan(
  span: Span,
  { path, allow, kind }: Route,
  { method, status, error_type }: { method: string; status: number; error_type: string | undefined },
): void {
  span.attributes['http.request.method'] = method;
  span.attributes['http.route'] = path;
  span.attributes['http.response.status_code'] = status;
  span.attributes['clientela.permission'] = permissionOf(allow);
  if (status >= 500) failSpan(span, error_type ?? String(status));
  endSpan(span, { isStream: kind === 'stream' });
}
