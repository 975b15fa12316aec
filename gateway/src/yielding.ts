import type { NextFunction } from 'express';
import type { Middleware } from './request-context.ts';
import { waitsInQueue } from './upstreams.ts';

/**
 * Handles one request that will wait in a queue of its service in each turn of the event loop. 200 that arrive at once would otherwise
 * hold up whatever arrives with them, though they have to wait in any case.
 */
export function yieldToOthers(): Middleware {
  const waiting: NextFunction[] = [];
  const handleNext = () => {
    if (waiting.length > 1) setImmediate(handleNext);
    waiting.shift()?.();
  };
  return (_req, res, next) => {
    const { route } = res.locals.context;
    if (!route || !waitsInQueue(route)) return next();
    if (waiting.push(next) === 1) setImmediate(handleNext);
  };
}
