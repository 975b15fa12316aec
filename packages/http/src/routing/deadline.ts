import { unavailable } from '@clientela/errors';
import type { Request, Response } from 'express';

/** 503 `DEADLINE_EXCEEDED`: nobody waits for the response any more, and nothing was changed. */
export const deadlineExceeded = (): Error =>
  unavailable('The time for this request has passed', { error_code: 'DEADLINE_EXCEEDED', retryAfter: 1 });

/** The `performance.now()` at which these signals abort. */
const ends = new WeakMap<AbortSignal, number>();
/** The signals whose deadline has passed; others were aborted because the client disconnected. */
const exceeded = new WeakSet<AbortSignal>();

/** Returns the milliseconds left until a signal of this module aborts; undefined for any other signal. */
export function remainingTime(signal: AbortSignal | undefined): number | undefined {
  const end = signal && ends.get(signal);
  return end === undefined ? undefined : end - performance.now();
}

/** @throws AppError 503 `DEADLINE_EXCEEDED` when the deadline of the request has passed */
export function assertTimeLeft(signal: AbortSignal): void {
  // The time may have passed before the timer runs: PostgreSQL cancels the statement at the same instant.
  if (exceeded.has(signal) || (remainingTime(signal) ?? 1) <= 0) throw deadlineExceeded();
}

/**
 * Creates a signal that aborts after a time, and with its parent.
 * @param timeout milliseconds; the time left of the parent, when that is less
 * @throws AppError 503 `DEADLINE_EXCEEDED` when the parent has no time left
 */
export function timeoutSignal(timeout: number, parent?: AbortSignal): AbortSignal {
  const timeLeft = Math.min(timeout, remainingTime(parent) ?? timeout);
  if (timeLeft <= 0) throw deadlineExceeded();
  const timer = AbortSignal.timeout(Math.ceil(timeLeft));
  const signal = parent ? AbortSignal.any([timer, parent]) : timer;
  ends.set(signal, performance.now() + timeLeft);
  return signal;
}

/** Creates a signal that aborts with either of two, and has the time left of the first. */
export function eitherSignal(timed: AbortSignal, other: AbortSignal): AbortSignal {
  const signal = AbortSignal.any([timed, other]);
  const end = ends.get(timed);
  if (end !== undefined) ends.set(signal, end);
  return signal;
}

/**
 * Reads `X-Request-Timeout`: the milliseconds that are left for the request. Without it the route has its own deadline. A caller
 * cannot prolong that, and a malformed value changes nothing.
 */
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
