import type { KeyObject } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { createRateCounter, type RateUse, type WindowUse } from './rate-counter.ts';
import type { Redis } from './redis.ts';
import type { Rate } from './settings.ts';

/**
 * Counts a request once in all windows of a limit, sets `RateLimit` and `RateLimit-Policy`, and rejects it when one of them is full.
 * @param options.rates each window by the name of its policy in the headers, the longest last
 * @param options.keyOf who is counted
 * @param options.rejection makes the error of a rejection, from the seconds after which a request may succeed
 */
export function createRateLimiter<Answer extends Response = Response>(options: {
  name: string;
  rates: Readonly<Record<string, Rate>>;
  keyOf: (request: Request, response: Answer) => string;
  rejection: (seconds: number) => Error;
  secret: KeyObject;
  redis?: Redis | undefined;
}): (request: Request, response: Answer, next: NextFunction) => void {
  const { name, rates, keyOf, rejection, secret, redis } = options;
  const count = createRateCounter({ name, rates: Object.values(rates), secret, redis });
  const appendHeaders = rateLimitHeaders(rates);
  /** The longest of the full windows of a rejected request: none succeeds before it ends. */
  const fullWindows = new WeakMap<object, WindowUse>();
  const reject = rateLimit({
    // All windows are counted before: nothing is left for a request that comes here.
    limit: 0,
    store: { increment: () => ({ totalHits: 1, resetTime: undefined }), decrement: () => {}, resetKey: () => {} },
    keyGenerator: () => 'counted',
    handler: (_request, response, next) => next(rejection(Math.ceil((fullWindows.get(response)?.left ?? 1) / 1000))),
    standardHeaders: false,
    legacyHeaders: false,
    validate: false, // checks the configuration against live requests and writes to the console
  });
  return (request, response, next) => {
    const proceed = (use: RateUse) => {
      // The client disconnected meanwhile: no event would release what later middleware counts and starts.
      if (response.closed) return;
      appendHeaders(response, use);
      const fullWindow = use.windows.findLast(({ isExceeded }) => isExceeded);
      if (!fullWindow) return next();
      fullWindows.set(response, fullWindow);
      void reject(request, response, next);
    };
    const use = count(keyOf(request, response));
    if (use instanceof Promise) void use.then(proceed, next);
    else proceed(use);
  };
}

/**
 * Returns a function that appends the headers of all windows to a response (draft-ietf-httpapi-ratelimit-headers-08). express-rate-limit
 * would hash the key for each window of each request.
 */
function rateLimitHeaders(rates: Readonly<Record<string, Rate>>) {
  const policies = Object.entries(rates).map(([name, { limit, window }]) => ({
    name,
    limit,
    text: `"${name}"; q=${limit}; w=${Math.ceil(window / 1000)}`,
  }));
  return (response: Response, { windows, partition }: RateUse): void => {
    const uses = policies.map(({ name, limit }, index) => {
      const { used, left } = windows[index] ?? { used: limit, left: 0 };
      return `"${name}"; r=${limit - used}; t=${Math.ceil(left / 1000)}`;
    });
    response.appendHeader('RateLimit', uses.join(', '));
    response.appendHeader('RateLimit-Policy', policies.map(({ text }) => `${text}; pk=:${partition}:`).join(', '));
  };
}
