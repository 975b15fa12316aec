import { AsyncLocalStorage } from 'node:async_hooks';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { rateLimit, type RateLimitRequestHandler } from 'express-rate-limit';
import { createRateCounter, type RateUse, type WindowUse } from './rate-counter.ts';
import type { Redis } from './redis.ts';
import type { Rate } from './settings.ts';

/**
 * Counts a request once in all windows of a limit, and sets `RateLimit` and `RateLimit-Policy`; a limiter for each window rejects.
 * @param options.rates each window by the name of its policy in the headers, the longest last
 * @param options.keyOf who is counted
 * @param options.rejection makes the error of a rejection, from the seconds after which a request may succeed
 */
export function createRateLimiter<Answer extends Response = Response>(options: {
  name: string;
  rates: Readonly<Record<string, Rate>>;
  keyOf: (request: Request, response: Answer) => string;
  rejection: (seconds: number) => Error;
  secret: Buffer;
  redis?: Redis | undefined;
}): (request: Request, response: Answer, next: NextFunction) => void {
  const { name, rates, keyOf, rejection, secret, redis } = options;
  const count = createRateCounter({ name, rates: Object.values(rates), secret, redis });
  const appendHeaders = rateLimitHeaders(rates);
  const counted = new AsyncLocalStorage<readonly WindowUse[]>();
  const limiters = Object.values(rates).map((rate, index) =>
    limiterOf(rate, { useOf: () => counted.getStore()?.[index], rejection }),
  );
  return (request, response, next) =>
    void count(keyOf(request, response)).then((use) => {
      // The client disconnected meanwhile: no event would release what later middleware counts and starts.
      if (response.closed) return;
      appendHeaders(response, use);
      counted.run(use.windows, () => runAll(limiters, request, response, next));
    }, next);
}

function limiterOf(
  { window, limit }: Rate,
  { useOf, rejection }: { useOf: () => WindowUse | undefined; rejection: (seconds: number) => Error },
): RateLimitRequestHandler {
  const secondsLeft = () => Math.ceil((useOf()?.left ?? 1) / 1000);
  return rateLimit({
    windowMs: window,
    limit,
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: () => 'counted',
    handler: (_request, _response, next) => next(rejection(secondsLeft())),
    validate: false, // checks the configuration against live requests and writes to the console
    store: {
      increment: async () => {
        const use = useOf();
        if (!use) throw new Error('the request was not counted');
        return { totalHits: use.isExceeded ? limit + 1 : use.used, resetTime: new Date(Date.now() + use.left) };
      },
      decrement: () => {},
      resetKey: () => {},
    },
  });
}

/** Runs all limiters and passes on the last rejection: that of the longest window. */
function runAll(
  [limiter, ...others]: readonly RequestHandler[],
  request: Request,
  response: Response,
  next: NextFunction,
  rejected?: unknown,
): void {
  if (!limiter) return next(rejected);
  void limiter(request, response, (error?: unknown) => runAll(others, request, response, next, error ?? rejected));
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
