import { once } from 'node:events';
import type { ConcurrencyLimiter } from '@clientela/runtime';
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

/** Starts a request when a place in the queue is free, and keeps the place until the request has ended. */
export async function startInQueue(queue: ConcurrencyLimiter, start: () => void, ended: AbortSignal): Promise<void> {
  const startAndWait = () => {
    start();
    return once(ended, 'abort');
  };
  try {
    await queue(startAndWait, ended);
  } catch (error) {
    if (!ended.aborted) throw error; // else its client is gone, or its time is up
  }
}
