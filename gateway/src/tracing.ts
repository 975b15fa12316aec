import type { Service } from '@clientela/contracts';
import {
  endSpan,
  failSpan,
  isTracing,
  parseTraceparent,
  startSpan,
  startTrace,
  traceparent,
  type Span,
} from '@clientela/runtime';
import type { Request } from 'express';
import type { RequestContext } from './request-context.ts';
import type { UpstreamRequest } from './transports/transport.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Starts the span of a request, undefined when tracing is off.
 * @param trustsTraceparent whether the trace of the caller goes on here; otherwise a new one begins, which only links to it
 */
export function startRequestSpan(req: Request, trustsTraceparent: boolean): Span | undefined {
  if (!isTracing()) return undefined;
  const caller = parseTraceparent(req.headers['traceparent']);
  return startTrace('', 'server', trustsTraceparent ? { parent: caller } : { link: caller });
}

/** Ends the span of a request. A service's failure is the request's. */
export function endRequestSpan(span: Span, { method }: Request, status: number, context: RequestContext): void {
  const { template, request_id, route, error_type, failure } = context;
  const known = methods.has(method) ? method : '_OTHER';
  span.name = template === undefined ? known : `${known} ${template}`;
  span.attributes['http.request.method'] = known;
  if (template !== undefined) span.attributes['http.route'] = template;
  span.attributes['http.response.status_code'] = status;
  span.attributes['clientela.request_id'] = request_id;
  const isCutOff = failure !== undefined && status < 400 && failure !== 'stalled client';
  if (status >= 500 || isCutOff) failSpan(span, error_type ?? failure ?? String(status));
  endSpan(span, { isStream: route?.kind === 'stream' });
}

/** The sending of a request to a replica. */
export type Hop = {
  responded: (statusCode: number) => void;
  /** Ends its span, once. @param error_type why there was no complete response */
  end: (error_type?: string) => void;
};

/** Starts the span of a hop, and tells the service to go on with it. @param resent how often the request was sent before */
export function startHop(parent: Span, service: Service, request: UpstreamRequest, resent: number): Hop | undefined {
  const span = startSpan(`${request.method} ${service}`, 'client', parent);
  if (!span) return undefined;
  request.setHeader('traceparent', traceparent(span) as string);
  span.attributes['http.request.method'] = request.method;
  span.attributes['server.address'] = service;
  if (resent > 0) span.attributes['http.resend_count'] = resent;
  return {
    responded: (statusCode) => {
      span.attributes['http.response.status_code'] = statusCode;
      if (statusCode >= 500) failSpan(span, String(statusCode));
    },
    end: (error_type) => {
      if (span.end > 0) return;
      if (error_type !== undefined) failSpan(span, error_type);
      endSpan(span);
    },
  };
}
