import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, Client } from '../testing/test-fleet.ts';

/** Answers that say "not now"; 502 says that it may have been done. */
const notNow: ReadonlySet<number> = new Set([502, 503, 504]);
const patience = 60_000; // milliseconds in which whatever was killed must be back

/**
 * Sends a request as a careful client does: again, under the same `Idempotency-Key`, until it is answered.
 * @param key what this request, and no other, is known by
 * @returns the answer, and how often it was sent
 */
export async function untilAnswered(
  client: Client,
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer & { times: number }> {
  const headers = method === 'POST' ? { 'Idempotency-Key': key } : {};
  let last = 'nothing';
  for (let times = 1, begun = Date.now(); Date.now() - begun < patience; times += 1) {
    const answer = await client.send(method, path, body, headers).catch((error: Error) => {
      last = error.message;
    });
    if (answer && !notNow.has(answer.status)) return { ...answer, times };
    if (answer) last = `${answer.status} ${JSON.stringify(answer.body)}`;
    await sleep(50);
  }
  throw new Error(`${method} ${path} was not answered within ${patience / 1000} s, last by ${last}`);
}

/**
 * Looks again and again until nothing is wrong.
 * @param look tells what is wrong
 * @param until the time (ms) at which it must not be any more
 * @returns what is wrong then
 */
export async function settles(look: () => Promise<string[]>, until: number): Promise<string[]> {
  for (;;) {
    const wrong = await look().catch((error: Error) => [`cannot be asked: ${error.message}`]);
    if (wrong.length === 0 || Date.now() > until) return wrong;
    await sleep(250);
  }
}

/** @throws Error when something that must happen does not within 20 s */
export async function inTime(happening: Promise<unknown>, what: string): Promise<void> {
  const late = sleep(20_000, 'late', { ref: false });
  if ((await Promise.race([happening, late])) === 'late') throw new Error(`it did not come to this: ${what}`);
}
