export type InProgress<T> = {
  /** @returns a function that removes the item; may be called repeatedly */
  add: (item: T) => () => void;
  items: () => T[];
};

/**
 * Creates a collection of what is in progress, in no order. Use it, not a `Set` or `Map`, for objects that come and go with each request: those
 * grow into new tables now and then, each of which the one before refers to. Once one table was promoted to V8's old space, all that were
 * ever in later ones is promoted as well, though long dead: every request, with all that belongs to it, until the next major collection.
 */
export function createInProgress<T>(): InProgress<T> {
  const entries: { item: T; index: number }[] = [];
  return {
    add: (item) => {
      const entry = { item, index: entries.length };
      entries.push(entry);
      return () => {
        if (entries[entry.index] !== entry) return;
        const last = entries.pop();
        if (!last || last === entry) return;
        entries[entry.index] = last;
        last.index = entry.index;
      };
    },
    items: () => entries.map(({ item }) => item),
  };
}
