import { rateLimited } from '@clientela/errors';
import { createRateLimiter, deriveKey, type Rate, type Redis } from '@clientela/runtime';
import type { Request, Response } from 'express';
import { isApiKey, type Actor } from '../identity/actor.ts';
import type { Route } from './route.ts';

/** The limits per user, by name. Routes with the same name share one counter. API keys are limited by the gateway only. */
export type RateLimits = Readonly<Record<string, Rate>>;

/** How the limits are counted: together with other processes where there is a Redis. */
export type RateLimitOptions = { redis?: Redis | undefined; secret: string };

/**
 * Creates the rate limiters of a service.
 * @param rates undefined means unlimited
 * @returns a function that finds the limiter of a route
 * @throws Error for a route with an unknown limit
 */
export function createRateLimiters(rates: RateLimits | undefined, options: RateLimitOptions) {
  const limiters = new Map(
    Object.entries(rates ?? {}).map(([name, rate]) => [name, createLimiter(name, rate, options)]),
  );

  return (definition: Route) => {
    const limit = definition.rateLimit === undefined ? undefined : limiters.get(definition.rateLimit);
    if (rates && definition.rateLimit !== undefined && !limit)
      throw new Error(`${definition.method} ${definition.path} uses the unknown rate limit ${definition.rateLimit}`);
    /** @throws AppError 429 with `Retry-After` */
    return (request: Request, response: Response): Promise<void> | undefined => {
      if (!limit || isApiKey(response.locals['actor'] as Actor)) return undefined;
      return new Promise((resolve, reject) => {
        limit(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
      });
    };
  };
}

const createLimiter = (name: string, rate: Rate, { redis, secret }: RateLimitOptions) =>
  createRateLimiter({
    name,
    rates: { [name]: rate },
    keyOf: (_request, response) => (response.locals['actor'] as Actor).id,
    rejection: rateLimited,
    secret: deriveKey(secret, 'rate limits'),
    redis,
  });
