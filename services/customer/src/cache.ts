/** Caches the results of expensive lookups. */
export type Cache<Value> = (key: string, find: () => Promise<Value>) => Promise<Value>;

/**
 * Creates a cache with a time to live. Concurrent calls for one key share a single lookup.
 * @param options.ttlMs milliseconds, counted from the start of the lookup
 * @param options.maxEntries number of keys; the oldest is evicted for a new one
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
  const entries = new Map<string, { startedAt: number; value: Promise<Value> }>();
  return (key, find) => {
    for (const [oldKey, { startedAt }] of entries) {
      if (now() - startedAt < ttlMs) break; // entries are ordered by their start
      entries.delete(oldKey);
    }
    const cached = entries.get(key);
    if (cached) return cached.value;
    const [oldestKey] = entries.keys();
    if (entries.size >= maxEntries && oldestKey !== undefined) entries.delete(oldestKey);
    const entry = { startedAt: now(), value: find() };
    entries.set(key, entry);
    // Drops failed lookups, so that the next call tries again.
    entry.value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    return entry.value;
  };
}
