import { readGauge } from './metrics.ts';

const period = 60_000; // milliseconds
const maxNames = 20;

/** The lowest share that any client had left of a limit, in the current period and in the one before. */
type Lowest = { since: number; current: number; previous: number };
const lowestByName = new Map<string, Lowest>();

function advance(lowest: Lowest, now: number): Lowest {
  const age = now - lowest.since;
  if (age < period) return lowest;
  return { since: now, current: 1, previous: age < 2 * period ? lowest.current : 1 };
}

readGauge({
  name: 'clientela_rate_limit_remaining_ratio',
  help: 'Lowest share of a rate limit that any client had left in the last minute or two',
  labelNames: ['name'],
  read: () =>
    Array.from(lowestByName, ([name, lowest]) => {
      const { current, previous } = advance(lowest, performance.now());
      return { labels: { name }, value: Math.min(current, previous) };
    }),
});

/** Records what a client has left of a limit. @param name of the limit, from code */
export function measureRateLimit(name: string, { limit, remaining }: { limit: number; remaining: number }): void {
  const now = performance.now();
  const known = lowestByName.get(name);
  if (!known && lowestByName.size >= maxNames) return;
  const lowest = advance(known ?? { since: now, current: 1, previous: 1 }, now);
  lowest.current = Math.min(lowest.current, limit > 0 ? Math.max(0, remaining / limit) : 0);
  if (lowest !== known) lowestByName.set(name, lowest);
}
