import type { Service } from '@clientela/contracts';
import { problemAt, createProblem } from '@clientela/errors';
import { requestIdOf, type Log } from '@clientela/runtime';
import type { NextFunction, Request, Response } from 'express';
import type { Caller } from './authenticate.ts';
import { connectionOf, linger } from './body.ts';
import type { Limits } from './limits.ts';
import type { Route } from './upstreams.ts';

/** What the gateway gathers about one request on its way through the doors. */
export type Visit = {
  request_id: string;
  started: number;
  /** The template that the path stands for; what logs and figures call the route, as it names nobody. */
  template: string | undefined;
  route: Route | undefined;
  service: Service | undefined;
  caller: Caller | undefined;
  /** Why a service's answer did not come through; for the log. */
  fault: string | undefined;
};

export type GatewayResponse = Response<unknown, { visit: Visit }>;
export type Door = (req: Request, res: GatewayResponse, next: NextFunction) => void | Promise<void>;

/** Asked every second or so by whoever watches. */
const quiet = new Set(['/health', '/ready']);

/** The first door: gives the request its id, and writes the one log line when it is over. Never paths, queries, addresses, bodies. */
export const welcome =
  (log: Log, limits: Limits): Door =>
  (req, res, next) => {
    const visit: Visit = {
      request_id: requestIdOf(req.headers),
      started: performance.now(),
      template: undefined,
      route: undefined,
      service: undefined,
      caller: undefined,
      fault: undefined,
    };
    res.locals.visit = visit;
    res.setHeader('X-Request-Id', visit.request_id);
    const close = !res.shouldKeepAlive;
    res.once('close', () => {
      if (res.writableFinished && !req.complete) linger(req, limits, close);
      log[quiet.has(visit.template ?? '') ? 'debug' : 'info']({
        request_id: visit.request_id,
        method: req.method,
        route: visit.template ?? 'unmatched',
        status: res.statusCode,
        ms: Math.round((performance.now() - visit.started) * 10) / 10,
        ...(visit.caller && { actor_id: visit.caller.user_id, company_id: visit.caller.company_id }),
        ...(visit.fault !== undefined && { fault: visit.fault }),
        ...(!res.writableFinished && { cut_off: true }),
      });
    });
    next();
  };

/** Answers with a problem document, in the place of whatever was being prepared. */
export function answerProblem(res: GatewayResponse, error: unknown): void {
  const { request_id, template = res.req.originalUrl } = res.locals.visit;
  const { status, headers, body } = createProblem(error, request_id);
  for (const name of res.getHeaderNames()) if (!name.startsWith('ratelimit')) res.removeHeader(name);
  res.statusCode = status;
  res.statusMessage = '';
  const text = JSON.stringify(problemAt(template, body));
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.setHeader('X-Request-Id', request_id);
  res.setHeader('Content-Length', Buffer.byteLength(text));
  // A body that was too slow will not come faster.
  res.setHeader('Connection', status === 408 ? 'close' : connectionOf(res.req, res));
  res.end(text);
}

/** The last door: whatever was thrown on the way becomes a problem document. */
export const refuse =
  (log: Log) =>
  (error: unknown, _req: Request, res: GatewayResponse, _next: NextFunction): void => {
    if (res.writableEnded) return;
    if (res.headersSent) return void res.destroy();
    answerProblem(res, error);
    if (res.statusCode === 500) log.error({ err: error, request_id: res.locals.visit.request_id }, 'request failed');
  };
