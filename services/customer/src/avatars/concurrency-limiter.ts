import { unavailable } from '@clientela/errors';

/**
 * Lets so many through at a time.
 * @param options.places how many may be inside
 * @param options.waiting how many may wait for a place; the next is turned away at once
 * @param options.patience milliseconds that one waits
 * @param options.full what is told to one who is turned away
 * @returns runs work inside @throws AppError 503 for one who is turned away
 */
export function createConcurrencyLimiter(options: {
  concurrency: number;
  maxQueued: number;
  queueTimeoutMs: number;
  fullMessage?: string;
}) {
  let free = options.concurrency;
  const line: (() => void)[] = [];

  const enter = () =>
    new Promise<void>((resolve, reject) => {
      if (free > 0) {
        free -= 1;
        resolve();
        return;
      }
      const turnedAway = () => reject(unavailable(options.fullMessage ?? 'Too many pictures are being sent just now'));
      if (line.length >= options.maxQueued) {
        turnedAway();
        return;
      }
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        line.splice(line.indexOf(turn), 1);
        turnedAway();
      }, options.queueTimeoutMs);
      line.push(turn);
    });
  const leave = () => {
    const next = line.shift();
    if (next) next();
    else free += 1;
  };

  return async <T>(work: () => Promise<T>): Promise<T> => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
