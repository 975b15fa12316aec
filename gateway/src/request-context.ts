import type { Service } from '@clientela/contracts';
import type { Span } from '@clientela/runtime';
import type { NextFunction, Request, Response } from 'express';
import type { Actor } from './authenticate.ts';
import type { UpstreamEvents } from './transports/transport.ts';
import type { Route } from './upstreams.ts';

/** The state of one request, in `res.locals.context`. Middleware fills it in. */
export type RequestContext = {
  request_id: string;
  started: number;
  /** Undefined when tracing is off. */
  span: Span | undefined;
  /** The matched path template. Logs and metrics name the route by it, because it identifies no person. */
  template: string | undefined;
  route: Route | undefined;
  service: Service | undefined;
  actor: Actor | undefined;
  /** Why the API key of the request was not accepted. */
  rejection?: unknown;
  /** Whether the body has arrived, or the beginning of a long one. */
  isBodyAwaited?: boolean;
  /** The count of the request among those in progress. It is no work while it waits for its turn, or only its client is busy with it. */
  work?: { start: () => void; end: () => void };
  /** The `error_code` of a problem document that the gateway sent. */
  error_type?: string;
  /** Why the service's response did not reach the client; for the log. */
  failure: string | undefined;
};

/** `upstream` receives what the transport reports, once the request is forwarded; `address`, `addressKey` and `bearerToken` are found on demand. */
export type GatewayResponse = Response<
  unknown,
  {
    context: RequestContext;
    upstream?: UpstreamEvents;
    address?: string;
    addressKey?: string;
    /** Empty for none. */
    bearerToken?: string;
  }
>;
export type Middleware = (req: Request, res: GatewayResponse, next: NextFunction) => void | Promise<void>;
