import { unavailable } from '@clientela/errors';
import type { Request, Response } from 'express';

/** `X-Request-Timeout` carries the milliseconds that are left for a request; its absence means the route's own deadline. */
export const timeoutHeader = 'X-Request-Timeout';

/** 503 `DEADLINE_EXCEEDED`: nobody waits for the response any more, and nothing was changed. */
export const deadlineExceeded = (): Error =>
  unavailable('The time for this request has passed', { error_code: 'DEADLINE_EXCEEDED', retryAfter: 1 });

/** The `performance.now()` at which the requests of these signals end. */
const ends = new WeakMap<AbortSignal, number>();
/** The signals whose deadline has passed; others were aborted because the client disconnected. */
const exceeded = new WeakSet<AbortSignal>();

/** Returns the milliseconds left until the deadline of a request's signal; undefined for any other signal. */
export function remainingTime(signal: AbortSignal | undefined): number | undefined {
  const end = signal && ends.get(signal);
  return end === undefined ? undefined : end - performance.now();
}

/** @throws AppError 503 `DEADLINE_EXCEEDED` when the deadline of the request has passed */
export function assertTimeLeft(signal: AbortSignal): void {
  if (exceeded.has(signal)) throw deadlineExceeded();
}

/** Reads `X-Request-Timeout`. A caller cannot prolong the route's deadline, and a malformed value changes nothing. */
function timeoutOf(request: Request, deadline: number): number {
  const header = request.headers['x-request-timeout'];
  return typeof header === 'string' && /^-?\d{1,9}$/.test(header) ? Math.min(Number(header), deadline) : deadline;
}

/**
 * Creates a signal that aborts when the client disconnects or the time for the request has passed.
 * @param deadline of the route, in milliseconds
 * @throws AppError 503 `DEADLINE_EXCEEDED` when no time is left
 */
export function requestSignal(request: Request, response: Response, deadline: number): AbortSignal {
  const timeout = timeoutOf(request, deadline);
  if (timeout <= 0) throw deadlineExceeded();
  const controller = new AbortController();
  const { signal } = controller;
  ends.set(signal, performance.now() + timeout);
  const timer = setTimeout(() => {
    exceeded.add(signal);
    controller.abort();
  }, timeout);
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) controller.abort();
  });
  return signal;
}
