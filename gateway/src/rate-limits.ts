import { rateLimited } from '@clientela/errors';
import { createRateLimiter, deriveKey, type Rate, type Redis } from '@clientela/runtime';
import type { NextFunction, Request } from 'express';
import { LRUCache } from 'lru-cache';
import { addressKey } from './address-key.ts';
import { bearerTokenOf } from './authenticate.ts';
import type { Config } from './config.ts';
import type { GatewayResponse, Middleware } from './request-context.ts';

const minute = 60_000;
const hour = 3_600_000;
const limitedFor = 1000; // milliseconds for which an address that was rejected causes no requests to auth
const maxLimitedAddresses = 10_000;
const maxKeyRates = 1000;

/** Requests for a new password by address. */
const forgotPasswordRate: Rate = { limit: 10, window: 3_600_000 };

type KeyOf = (req: Request, res: GatewayResponse) => string;
const actorKey: KeyOf = (_req, res) => res.locals.context.actor?.id ?? '';

export type RateLimits = {
  /** Limits callers without a token by address, before anything is parsed or verified. */
  anonymous: Middleware;
  /** Limits users and API keys, and by address callers whose token or key is not valid. */
  authenticated: Middleware;
  /** Whether the client's address was rejected within the last second. */
  isLimited: (req: Request, res: GatewayResponse) => boolean;
  /** LOGIN_RATE: limits by address the routes that accept a password together; each request costs a password hash. */
  signIns: Middleware;
  /** Counts requests without a route, which reach no other limiter, and replaces their errors. */
  unmatched: (error: unknown, req: Request, res: GatewayResponse, next: NextFunction) => void;
};

/** RATE_LIMIT_IP_PER_MINUTE, _PER_HOUR, RATE_LIMIT_USER_PER_MINUTE, _PER_HOUR and LOGIN_RATE. */
export function createRateLimits(config: Config, redis: Redis | undefined): RateLimits {
  const pass: Middleware = (_req, _res, next) => next();
  if (config.RATE_LIMITS === 'off')
    return {
      anonymous: pass,
      authenticated: pass,
      isLimited: () => false,
      signIns: pass,
      unmatched: (error, _req, _res, next) => next(error),
    };

  const secret = deriveKey(config.GATEWAY_SERVICE_KEY, 'rate limits');
  const createLimiter = (name: string, rates: Readonly<Record<string, Rate>>, keyOf: KeyOf): Middleware =>
    createRateLimiter({ name, rates, keyOf, rejection: rateLimited, secret, redis });
  /** Limits per minute and hour, which further headers name. */
  const perMinuteAndHour = (name: string, limits: [number, number], keyOf: KeyOf): Middleware => {
    const [perMinute, perHour] = limits;
    const rates = { minute: { limit: perMinute, window: minute }, hour: { limit: perHour, window: hour } };
    const limiter = createLimiter(name, rates, keyOf);
    const [minuteText, hourText] = [String(perMinute), String(perHour)];
    return (req, res, next) => {
      res.setHeader('X-RateLimit-Limit-Minute', minuteText);
      res.setHeader('X-RateLimit-Limit-Hour', hourText);
      return limiter(req, res, next);
    };
  };
  const countAddress = perMinuteAndHour(
    'ip',
    [config.RATE_LIMIT_IP_PER_MINUTE, config.RATE_LIMIT_IP_PER_HOUR],
    addressKey,
  );
  const limited = new LRUCache<string, true>({ max: maxLimitedAddresses, ttl: limitedFor });
  const byAddress: Middleware = (req, res, next) =>
    countAddress(req, res, (rejection?: unknown) => {
      if (rejection !== undefined) limited.set(addressKey(req, res), true);
      next(rejection);
    });
  const byUser = perMinuteAndHour(
    'user',
    [config.RATE_LIMIT_USER_PER_MINUTE, config.RATE_LIMIT_USER_PER_HOUR],
    actorKey,
  );
  /** Limits of API keys that are lower than that of users, by requests per minute. */
  const byKeyRate = new LRUCache<number, Middleware>({ max: maxKeyRates });
  const byActor: Middleware = (req, res, next) => {
    const { actor } = res.locals.context;
    const rate = actor && 'key_id' in actor ? actor.rate_per_minute : null;
    if (rate === null || rate >= config.RATE_LIMIT_USER_PER_MINUTE) return byUser(req, res, next);
    let limiter = byKeyRate.get(rate);
    if (!limiter) {
      limiter = perMinuteAndHour('user', [rate, config.RATE_LIMIT_USER_PER_HOUR], actorKey);
      byKeyRate.set(rate, limiter);
    }
    return limiter(req, res, next);
  };
  const byLogin = createLimiter('login', { login: config.LOGIN_RATE }, addressKey);
  const byForgotPassword = createLimiter('forgot-password', { 'forgot-password': forgotPasswordRate }, addressKey);
  const hasToken = (req: Request, res: GatewayResponse) => bearerTokenOf(req, res) !== undefined;

  return {
    anonymous: (req, res, next) => (hasToken(req, res) ? next() : byAddress(req, res, next)),
    authenticated: (req, res, next) => {
      if (res.locals.context.actor) return byActor(req, res, next);
      return hasToken(req, res) ? byAddress(req, res, next) : next();
    },
    isLimited: (req, res) => limited.has(addressKey(req, res)),
    signIns: (req, res, next) => {
      const limit = res.locals.context.route?.address_rate_limit;
      if (limit === undefined) return next();
      if (limit === 'login') return byLogin(req, res, next);
      return byLogin(req, res, (rejection?: unknown) =>
        rejection === undefined ? void byForgotPassword(req, res, next) : next(rejection),
      );
    },
    unmatched: (error, req, res, next) => {
      if (res.locals.context.route) return next(error);
      return void byAddress(req, res, (rejection?: unknown) => next(rejection ?? error));
    },
  };
}
