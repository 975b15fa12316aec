import { LRUCache } from 'lru-cache';

/** Caches the results of expensive lookups. */
export type Cache<Value> = (key: string, find: () => Promise<Value>) => Promise<Value>;

/**
 * Creates a cache with a time to live. Concurrent calls for one key share a single lookup.
 * @param options.ttlMs milliseconds, counted from the start of the lookup
 * @param options.maxEntries number of keys; the least recently used is evicted for a new one
 */
export function createCache<Value>({
  ttlMs,
  maxEntries,
  now = Date.now,
}: {
  ttlMs: number;
  maxEntries: number;
  now?: () => number;
}): Cache<Value> {
  const entries = new LRUCache<string, { startedAt: number; value: Promise<Value> }>({ max: maxEntries });
  return (key, find) => {
    const cached = entries.get(key);
    if (cached && now() - cached.startedAt < ttlMs) return cached.value;
    const entry = { startedAt: now(), value: find() };
    entries.set(key, entry);
    // Drops failed lookups, so that the next call tries again.
    entry.value.catch(() => {
      if (entries.peek(key) === entry) entries.delete(key);
    });
    return entry.value;
  };
}
