import { setTimeout as sleep } from 'node:timers/promises';
import { lowerPriority } from '@clientela/runtime';
import { highLimits, startBenchFleet } from './bench-fleet.ts';
import { median } from './measure.ts';
import { measureOpenLoop } from './open-loop-cases.ts';
import { startGenerator } from './open-loop.ts';
import { rawRequest, sendOnce } from './sides.ts';

/** Milliseconds of requests beside others. */
type Times = { median: number; p99: number };
/** `refused`: of all rounds; `last`: when the last of the sign-ins had its response, in milliseconds; the others are medians of the rounds. */
export type CrowdFigures = {
  users: number;
  refused: number;
  last: number;
  rate: number;
  alone: Times;
  beside: Times;
  ratio: number;
};

const users = 200;
const rate = 200; // reads a second
const seconds = 3; // of one measurement; the sign-ins take less
const password = 'correct horse battery 9';

/**
 * Lets 200 users sign in at once, through the gateway of a fleet of its own, which has the CPU first as with `npm start`. Reads of one
 * customer at a fixed rate are measured in turns alone and beside them, by a client of normal priority.
 * @param rounds how many times
 */
export async function measureSignInCrowd(rounds: number, signal: AbortSignal): Promise<CrowdFigures> {
  const { fleet, bearer, customer_id, end } = await startBenchFleet(signal, undefined, {
    env: highLimits,
    gatewayFirst: true,
  });
  const crowd = await startGenerator({ isNiced: true });
  lowerPriority(crowd.pid, 18); // users have computers of their own
  const reader = await startGenerator({ isNiced: false });
  try {
    const port = fleet.ports.gateway;
    const email = (n: number) => `crowd-${n}@example.com`;
    for (let n = 0; n < users; n += 1) {
      const body = { email: email(n), name: 'Ana', company_name: `Crowd ${n}`, password };
      await sendOnce(port, {}, { method: 'POST', path: '/auth/register', body });
    }
    const request = () => ({ method: 'GET', path: `/api/customers/${customer_id}` });
    const read = async () => {
      const figures = await measureOpenLoop(reader, { name: 'get', rate, port, headers: bearer, request }, seconds);
      if (figures.failed > 0) throw new Error(`${figures.failed} reads failed beside ${users} sign-ins`);
      return figures;
    };
    const requests = Array.from({ length: users }, (_, n) =>
      rawRequest({ method: 'POST', path: '/auth/login', body: { email: email(n), password } }, {}),
    );
    const signIn = async () => {
      await sleep(200); // the reads are under way
      // All within 20 ms, on a connection each.
      return crowd.run({ port, requests, rate: 50 * users, count: users, connections: users, seconds });
    };
    await read();
    await signIn();
    const measured: { alone: Times; beside: Times; refused: number; last: number; ratio: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      const alone = await read();
      const [beside, { samples }] = await Promise.all([read(), signIn()]);
      const refused = users - samples.filter(([, , status]) => status === 200).length;
      const last = Math.max(...samples.map(([sentAt, duration]) => sentAt + duration));
      measured.push({ alone, beside, refused, last, ratio: beside.p99 / alone.p99 });
    }
    const middle = (value: (round: (typeof measured)[number]) => number) => median(measured.map(value));
    return {
      users,
      rate,
      refused: measured.reduce((sum, { refused }) => sum + refused, 0),
      last: middle(({ last }) => last),
      alone: { median: middle(({ alone }) => alone.median), p99: middle(({ alone }) => alone.p99) },
      beside: { median: middle(({ beside }) => beside.median), p99: middle(({ beside }) => beside.p99) },
      ratio: middle(({ ratio }) => ratio),
    };
  } finally {
    reader.stop();
    crowd.stop();
    await end();
  }
}
