/**
 * Exponential backoff: `baseMs` doubled per attempt, up to `maxMs`.
 * @param attempt failed attempts so far; 0 gives `baseMs`
 * @param options.jitter shortens by up to half at random, so that replicas do not retry in step; default true
 * @returns milliseconds
 */
export function backoff(attempt: number, options: { baseMs?: number; maxMs: number; jitter?: boolean }): number {
  const { baseMs = 100, maxMs, jitter = true } = options;
  return Math.min(maxMs, baseMs * 2 ** attempt) * (jitter ? 0.5 + Math.random() / 2 : 1);
}
