import { legacyProblem } from '@clientela/contracts';
import { asOutOfResources, createProblem } from '@clientela/errors';
import { jsonText, type Log } from '@clientela/runtime';
import type { NextFunction, Request } from 'express';
import { connectionHeader } from './body.ts';
import { rejections } from './metrics.ts';
import type { GatewayResponse } from './request-context.ts';
import { isKeptHeader } from './response-headers.ts';

/** Sends an RFC 9457 problem document and drops the headers that were set for another response. */
export function sendProblem(res: GatewayResponse, error: unknown): void {
  const { request_id, template = res.req.url } = res.locals.context;
  const { status, headers, body } = createProblem(asOutOfResources(error) ?? error, request_id);
  rejections.add({ reason: body.error_code.toLowerCase() });
  res.locals.context.error_type = body.error_code;
  for (const name of res.getHeaderNames()) if (!isKeptHeader(name)) res.removeHeader(name);
  res.statusCode = status;
  res.statusMessage = '';
  const text = jsonText(legacyProblem(template, body));
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader('X-Request-Id', request_id);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  // Closes after a 408, because draining a slow body takes too long.
  res.setHeader('Connection', status === 408 ? 'close' : connectionHeader(res.req, res));
  res.end(text);
}

/** Converts an error of the middleware to a problem document. */
export const errorHandler =
  (log: Log) =>
  (error: unknown, _req: Request, res: GatewayResponse, _next: NextFunction): void => {
    if (res.writableEnded) return;
    if (res.headersSent) return void res.destroy();
    sendProblem(res, error);
    const { request_id, span } = res.locals.context;
    if (res.statusCode === 500) log.error({ err: error, request_id, trace_id: span?.trace.id }, 'request failed');
  };
