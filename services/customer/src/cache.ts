/** Remembers what is costly to find out. */
export type Cache<Value> = (key: string, find: () => Promise<Value>) => Promise<Value>;

/**
 * Answers are as old as `age` at most, and one key is worked on once at a time: who asks meanwhile waits for the same answer.
 * @param options.age milliseconds, counted from the beginning of the work
 * @param options.most keys; the oldest is forgotten for a new one
 */
export function cache<Value>({
  age,
  most,
  now = Date.now,
}: {
  age: number;
  most: number;
  now?: () => number;
}): Cache<Value> {
  const known = new Map<string, { since: number; value: Promise<Value> }>();
  return (key, find) => {
    for (const [old, { since }] of known) {
      if (now() - since < age) break; // they lie in the order of their beginnings
      known.delete(old);
    }
    const found = known.get(key);
    if (found) return found.value;
    const [oldest] = known.keys();
    if (known.size >= most && oldest !== undefined) known.delete(oldest);
    const entry = { since: now(), value: find() };
    known.set(key, entry);
    // What failed is not remembered.
    entry.value.catch(() => {
      if (known.get(key) === entry) known.delete(key);
    });
    return entry.value;
  };
}
