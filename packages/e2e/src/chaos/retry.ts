import { setTimeout as sleep } from 'node:timers/promises';
import type { TestResponse, Client } from '../testing/test-fleet.ts';

/** Statuses after which a request is retried. With a 502 it may have taken effect. */
const retryableStatuses: ReadonlySet<number> = new Set([502, 503, 504]);
const timeoutMs = 60_000; // after which every killed process must be back

/**
 * Sends a request and retries it under the same `Idempotency-Key` until there is a response.
 * @param key idempotency key of a POST
 * @returns the response, and how often the request was sent
 */
export async function sendWithRetry(
  client: Client,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<TestResponse & { times: number }> {
  const headers = method === 'POST' ? { 'Idempotency-Key': key } : {};
  let last = 'none';
  for (let times = 1, startTime = Date.now(); Date.now() - startTime < timeoutMs; times += 1) {
    const response = await client.send(method, path, body, headers).catch((error: Error) => {
      last = error.message;
    });
    if (response && !retryableStatuses.has(response.status)) return { ...response, times };
    if (response) last = `${response.status} ${JSON.stringify(response.body)}`;
    await sleep(50);
  }
  throw new Error(`${method} ${path} has no response after ${timeoutMs / 1000} s, the last one: ${last}`);
}

/** Repeats work that a process may interrupt which an earlier test killed, until it succeeds. */
export async function untilSuccess<T>(work: () => Promise<T>): Promise<T> {
  for (const startTime = Date.now(); ; await sleep(50)) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() - startTime > timeoutMs) throw error;
    }
  }
}

/**
 * Repeats a check until it finds no problem.
 * @param check returns the problems
 * @param deadline time in milliseconds at which the last result counts
 * @returns the remaining problems
 */
export async function waitUntilFine(check: () => Promise<string[]>, deadline: number): Promise<string[]> {
  for (;;) {
    const problems = await check().catch((error: Error) => [`check failed: ${error.message}`]);
    if (problems.length === 0 || Date.now() > deadline) return problems;
    await sleep(250);
  }
}

/** @throws Error when a promise is pending for 20 s */
export async function withTimeout(pending: Promise<unknown>, description: string): Promise<void> {
  const timeout = sleep(20_000, 'timeout', { ref: false });
  if ((await Promise.race([pending, timeout])) === 'timeout') throw new Error(`timeout: ${description}`);
}
