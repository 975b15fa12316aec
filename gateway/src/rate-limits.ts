import { AppError } from '@clientela/errors';
import { measureRateLimit } from '@clientela/runtime';
import { ipKeyGenerator, MemoryStore, rateLimit, type AugmentedRequest } from 'express-rate-limit';
import type { Config } from './config.ts';
import { clientAddress } from './identity-headers.ts';
import type { Middleware } from './request-context.ts';

const rateLimited = (seconds: number) =>
  new AppError('rate_limited', {
    detail: `Rate limit exceeded; retry in ${seconds} s`,
    headers: { 'Retry-After': String(seconds) },
  });

/** LOGIN_RATE: limits requests per client over all routes that accept a password; each costs one password hash. Counts IPv6 clients by /56, as providers assign them. */
export function signInRateLimit({ LOGIN_RATE, RATE_LIMITS }: Config): { middleware: Middleware; close: () => void } {
  if (RATE_LIMITS === 'off') return { middleware: (_req, _res, next) => next(), close: () => {} };
  const store = new MemoryStore();
  const limiter = rateLimit({
    windowMs: LOGIN_RATE.window,
    limit: LOGIN_RATE.limit,
    identifier: 'login',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store,
    keyGenerator: (req) => ipKeyGenerator(clientAddress(req), 56),
    handler: (_req, res, next) => next(rateLimited(Math.max(1, Number(res.getHeader('Retry-After'))))),
    validate: false, // checks the configuration against live requests and writes to the console
  });
  const middleware: Middleware = (req, res, next) => {
    if (res.locals.context.route?.address_rate_limit !== 'login') return next();
    return void limiter(req, res, (error?: unknown) => {
      measureRateLimit('login', (req as AugmentedRequest)['rateLimit']);
      next(error);
    });
  };
  return { middleware, close: () => store.shutdown() };
}
