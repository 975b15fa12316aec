import { median } from './measure.ts';
import type { Generator } from './open-loop.ts';
import { requestsFor, type Headers, type MakeRequest } from './sides.ts';

/** Milliseconds at a fixed rate of requests. */
export type OpenLoopFigures = { name: string; rate: number; median: number; p99: number; failed: number };

const maxConnections = 500;

/** Offers requests at a fixed rate, so that a slow response delays no other request. */
export async function measureOpenLoop(
  generator: Generator,
  {
    name,
    rate,
    port,
    headers,
    request,
  }: { name: string; rate: number; port: number; headers: Headers; request: MakeRequest },
  seconds: number,
): Promise<OpenLoopFigures> {
  const requests = requestsFor(request, headers, seconds);
  const { samples, unsent, failures } = await generator.run({
    port,
    requests,
    rate,
    connections: maxConnections,
    seconds,
  });
  const durations = samples.map(([, duration]) => duration).toSorted((a, b) => a - b);
  const failed = samples.filter(([, , status]) => status < 200 || status > 299).length;
  const unanswered = Object.values(failures).reduce((sum, count) => sum + count, 0);
  return {
    name,
    rate,
    median: median(durations),
    p99: durations[Math.floor(durations.length * 0.99)] ?? Number.NaN,
    failed: failed + unsent + unanswered,
  };
}
