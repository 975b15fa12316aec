import type { NextFunction, Request } from 'express';
import type { AppError } from '@clientela/errors';
import type { Replica } from '../replicas.ts';
import type { GatewayResponse } from '../request-context.ts';

/** A request on its way to a service, whatever sends it. */
export type UpstreamRequest = {
  method: string;
  setHeader: (name: string, value: string) => void;
  /** Whether its connection is still being opened. */
  isConnecting: () => boolean;
  /** Whether its connection served other requests before. */
  isReused: () => boolean;
  /** Whether the client's body is passed on as it arrives; otherwise it was complete before. */
  streamsBody: boolean;
  /** Whether the service, not the client, delays the body. */
  isBackpressured: () => boolean;
  /** Calls back when it is closed, also without a response and without an error. */
  onceClosed: (listener: () => void) => void;
  destroy: () => void;
  /** Ends it unless its response is complete, because its client is gone. */
  abandon: () => void;
};

/** A service's response that has begun. */
export type UpstreamResponse = {
  statusCode: number;
  /** With names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  pause: () => void;
  resume: () => void;
  /** @returns a function that ends the calls */
  subscribe: (onData: (chunk: Buffer) => void, onEnd: () => void) => () => void;
};

/** Receives what happens to one request, which may be sent repeatedly. */
export type UpstreamEvents = {
  /** The request waits for its connection, or has it; the last moment to set headers. @returns false when nobody waits for it any more */
  onSent: (request: UpstreamRequest) => boolean;
  /** From now on the service may receive it. */
  onConnected: (request: UpstreamRequest) => void;
  onResponse: (response: UpstreamResponse) => void;
  /** The response is complete. */
  onEnd: () => void;
  onError: (error: Error & { code?: string }) => void;
  rejectBody: (reason: AppError) => void;
};

/** Sends a request to a replica, and reports to `res.locals.upstream`. */
export type Send = (replica: Replica, req: Request, res: GatewayResponse, next: NextFunction) => void;
