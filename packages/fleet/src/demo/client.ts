import { setTimeout as sleep } from 'node:timers/promises';

/** What went wrong, in one sentence for whoever runs the program. */
export class DemoError extends Error {
  override name = 'DemoError';
}

/** @returns the answer's body */
export type Send = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Record<string, unknown>>;

const tries = 6;
const longestWait = 75; // seconds: a limit by the minute is over by then
const notNow = new Set([429, 503]);

/** Talks to the street as any client does; "later" is heard, and asked again then. */
export function demoClient(url: string, token?: string): Send {
  return async (method, path, body) => {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as Record<string, unknown>;
      if (!notNow.has(answer.status) || attempt === tries) {
        throw new DemoError(`${method} ${path} answered ${answer.status}: ${text.slice(0, 500)}`);
      }
      await sleep(1000 * waitOf(answer.headers.get('retry-after')));
    }
  };
}

/** Seconds of a `Retry-After` (RFC 9110, 10.2.3: seconds, or a date); one second when there is none to be read. */
function waitOf(header: string | null): number {
  const seconds =
    header === null ? Number.NaN : /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 1 : Math.min(Math.max(seconds, 0.1), longestWait);
}

/** Does the work for each item, at most `atOnce` at a time. @returns what came out, in the items' order */
export async function eachOf<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, at: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [at, item] of queue) results[at] = await work(item, at);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
