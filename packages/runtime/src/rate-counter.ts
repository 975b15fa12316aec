import { hash, type KeyObject } from 'node:crypto';
import { measureRateLimit } from './rate-limit-metrics.ts';
import type { Redis } from './redis.ts';
import type { Rate } from './settings.ts';

/** The use of one window after a request. */
export type WindowUse = {
  /** Requests admitted in this window, this one included. */
  used: number;
  /** Whether the window rejects this request. */
  isExceeded: boolean;
  /** Milliseconds until the window ends, a whole number. */
  left: number;
};

/** The windows of a key after a request, in the order of the rates; and what names the key to its client. */
export type RateUse = { windows: readonly WindowUse[]; partition: string };

/** Counts a request, unless one of its windows is full: then it counts in none. Only Redis takes time. */
export type RateCounter = (key: string) => RateUse | Promise<RateUse>;

/** A window as this process knows it. Ends at a time of `performance.now()`. */
type Window = {
  used: number;
  endsAt: number;
  /** When a window of Redis ends by its clock, which identifies it; such a window began with the first request at any process. */
  sharedEnd: number | undefined;
};
type Entry = { redisKey: string; partition: string; windows: Window[] };

const maxKeys = 50_000; // beyond, the key that was not used for longest is forgotten
const clockMargin = 100; // milliseconds before the end of a window in which only Redis knows whether it has ended

/** Checks and counts in one step, by the server's clock. Does nothing when the caller has given up. */
const script = `
local clock = redis.call('time')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[1]) then return false end
local rates = (#ARGV - 1) / 2
local names = {}
for i = 1, rates do names[2 * i - 1], names[2 * i] = 'end' .. i, 'used' .. i end
local stored = redis.call('hmget', KEYS[1], unpack(names))
local admitted, last, reply, update = 1, 0, {}, {}
for i = 1, rates do
  local limit, length = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local ends, used = tonumber(stored[2 * i - 1] or 0), tonumber(stored[2 * i] or 0)
  if ends <= now or ends > now + length then ends, used = now + length, 0 end
  if used >= limit then admitted = 0 end
  last = math.max(last, ends)
  reply[2 * i - 1], reply[2 * i] = used, ends
  update[4 * i - 3], update[4 * i - 2] = names[2 * i - 1], string.format('%.0f', ends)
  update[4 * i - 1], update[4 * i] = names[2 * i], used + 1
end
if admitted == 1 then
  redis.call('hset', KEYS[1], unpack(update))
  redis.call('pexpire', KEYS[1], last - now)
end
return {admitted, now, unpack(reply)}`;
const digest = hash('sha1', script);

/** Whether Redis admitted and counted the request, its time, then for each window the requests before this one and its end. */
type Reply = [admitted: number, time: number, ...usedAndEnd: number[]];

/**
 * Counts requests per key in fixed windows, which begin with their first request: exactly over all processes while Redis is there.
 * While it is away each process counts on its own, from what it knows of the window; so none admits more than the limit.
 * @param options.name separates the counters in Redis
 * @param options.secret keys the hash by which Redis knows a key, so that an address cannot be found by trying all
 */
export function createRateCounter(options: {
  name: string;
  rates: readonly Rate[];
  secret: KeyObject;
  redis?: Redis | undefined;
}): RateCounter {
  const { name, rates, secret, redis } = options;
  const args = rates.flatMap(({ limit, window }) => [limit, window]);
  const hashPrefix = secret.export().toString('base64');
  const entries = new Map<string, Entry>();

  /** Finds what is known of a key, and moves it to the end of those to forget. */
  const entryOf = (key: string): Entry => {
    let entry = entries.get(key);
    if (entry) entries.delete(key);
    else {
      const hashed = hash('sha256', hashPrefix + key, 'base64url');
      const partition = Buffer.from(hashed.slice(0, 12)).toString('base64');
      entry = {
        redisKey: `clientela:rate:${name}:${hashed}`,
        partition,
        windows: rates.map(() => ({ used: 0, endsAt: -Infinity, sharedEnd: undefined })),
      };
      const [oldest] = entries.keys();
      if (entries.size >= maxKeys && oldest !== undefined) entries.delete(oldest);
    }
    entries.set(key, entry);
    return entry;
  };

  const limitOf = (index: number): number => rates[index]?.limit ?? 0;

  const toUse = ({ windows }: Entry, isAdmitted: boolean, now: number): WindowUse[] =>
    windows.map(({ used, endsAt }, index) => {
      const limit = limitOf(index);
      measureRateLimit(name, { limit, remaining: limit - used });
      return {
        used: Math.min(used, limit),
        isExceeded: !isAdmitted && used >= limit,
        left: Math.max(1, Math.round(endsAt - now)),
      };
    });

  const countLocally = (entry: Entry): WindowUse[] => {
    const now = performance.now();
    entry.windows = entry.windows.map((window, index) =>
      window.endsAt > now ? window : { used: 0, endsAt: now + (rates[index]?.window ?? 0), sharedEnd: undefined },
    );
    const isAdmitted = entry.windows.every(({ used }, index) => used < limitOf(index));
    if (isAdmitted) for (const window of entry.windows) window.used += 1;
    return toUse(entry, isAdmitted, now);
  };

  /** Takes over the windows of Redis. In one that goes on, what this process counted while Redis was away holds too. */
  const apply = (entry: Entry, [admitted, time, ...reply]: Reply): WindowUse[] => {
    const now = performance.now();
    const known = entry.windows.map(({ used, sharedEnd }, index) => (sharedEnd === reply[2 * index + 1] ? used : 0));
    const isAdmitted = admitted === 1 && known.every((used, index) => used < limitOf(index));
    entry.windows = known.map((used, index) => {
      const sharedEnd = reply[2 * index + 1] ?? time;
      return {
        used: Math.max(used + (isAdmitted ? 1 : 0), (reply[2 * index] ?? 0) + admitted),
        endsAt: now + sharedEnd - time,
        sharedEnd,
      };
    });
    return toUse(entry, isAdmitted, now);
  };

  const countInRedis = (available: Redis, { redisKey }: Entry): Promise<Reply | undefined> =>
    available.run(async (client) => {
      const values = [available.deadline(), ...args];
      const reply = (await client.evalsha(digest, 1, redisKey, ...values).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error;
        return client.eval(script, 1, redisKey, ...values);
      })) as Reply | null;
      if (!reply) throw new Error('the clock of the server has changed'); // reconnects, which reads it again
      return reply;
    });

  const countShared = async (entry: Entry, available: Redis): Promise<WindowUse[]> => {
    const now = performance.now();
    // Redis would reject it too, because a count only grows until its window ends.
    const isFull = ({ used, endsAt, sharedEnd }: Window, index: number) =>
      sharedEnd !== undefined && used >= limitOf(index) && endsAt > now + clockMargin;
    if (entry.windows.some(isFull)) return toUse(entry, false, now);
    const reply = await countInRedis(available, entry);
    return reply ? apply(entry, reply) : countLocally(entry);
  };

  return (key) => {
    const entry = entryOf(key);
    const { partition } = entry;
    if (!redis?.isUp()) return { windows: countLocally(entry), partition };
    return countShared(entry, redis).then((windows) => ({ windows, partition }));
  };
}
