/** Serializes equal values to equal text: object keys sorted, undefined ones left out. */
export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_field, nested: unknown) =>
    typeof nested === 'object' && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );
