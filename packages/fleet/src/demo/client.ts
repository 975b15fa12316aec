import { setTimeout as sleep } from 'node:timers/promises';

/** An error whose message is one sentence for the person who runs the demo. */
export class DemoError extends Error {
  override name = 'DemoError';
}

/** @returns the response body */
export type Send = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Record<string, unknown>>;

const maxAttempts = 6;
const maxWait = 75; // seconds, longer than a rate limit per minute
const retryableStatuses = new Set([429, 503]);

/** Calls the gateway as any client does, and retries 429 and 503 after their `Retry-After`. */
export function demoClient(url: string, token?: string): Send {
  return async (method, path, body) => {
    const isForm = body instanceof FormData;
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && !isForm && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as Record<string, unknown>;
      if (!retryableStatuses.has(response.status) || attempt === maxAttempts) {
        throw new DemoError(`${method} ${path} returned ${response.status}: ${text.slice(0, 500)}`);
      }
      await sleep(1000 * retryAfterSeconds(response.headers.get('retry-after')));
    }
  };
}

/** Parses `Retry-After` (RFC 9110, 10.2.3: seconds, or a date). One second when it is missing or invalid. */
function retryAfterSeconds(header: string | null): number {
  const seconds =
    header === null ? Number.NaN : /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 1 : Math.min(Math.max(seconds, 0.1), maxWait);
}

/** Maps items with at most `concurrency` calls at a time. @returns the results in the order of the items */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return results;
}
