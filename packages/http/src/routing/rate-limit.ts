import { AppError } from '@clientela/errors';
import type { Rate } from '@clientela/runtime';
import type { Request, Response } from 'express';
import { MemoryStore, rateLimit } from 'express-rate-limit';
import type { Actor } from '../identity/actor.ts';
import type { Route } from './route.ts';

/** How often one user may come, by the names under which doors share a count. */
export type RateLimits = Readonly<Record<string, Rate>>;

const tooOften = (seconds: number) =>
  new AppError('rate_limited', {
    detail: `You do this too often; come again in ${seconds} s`,
    headers: { 'Retry-After': String(seconds) },
  });

/**
 * Makes the limits of a service. Each process counts for itself.
 * @param rates undefined: none holds
 * @throws Error for a door whose rate is not among those given
 */
export function createRateLimiters(rates: RateLimits | undefined) {
  const made = new Map(Object.entries(rates ?? {}).map(([name, rate]) => [name, limiter(name, rate)]));

  return (door: Route) => {
    const limit = door.rateLimit === undefined ? undefined : made.get(door.rateLimit);
    if (rates && door.rateLimit !== undefined && !limit)
      throw new Error(
        `${door.method} ${door.path} is limited by ${door.rateLimit}, of which the service was told nothing`,
      );
    /** @throws AppError 429 with `Retry-After` */
    return (request: Request, response: Response): Promise<void> | undefined =>
      limit &&
      new Promise((resolve, reject) => {
        void limit(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
      });
  };
}

const limiter = (name: string, { limit, window }: Rate) =>
  rateLimit({
    windowMs: window,
    limit,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store: new MemoryStore(),
    keyGenerator: (_request, response) => (response.locals['actor'] as Actor).id,
    handler: (_request, response, next) => next(tooOften(Math.max(1, Number(response.getHeader('Retry-After'))))),
    validate: false, // they look for mistakes of ours in the requests of strangers, and tell the console
  });
