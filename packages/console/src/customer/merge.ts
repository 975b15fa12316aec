/** Values of a record by path, such as `address.city`. */
export type Values = Readonly<Record<string, string | null>>;

/** A field that both changed, to different values. */
export type Clash = { field: string; original: string | null; theirs: string | null; mine: string | null };

/**
 * Merges by field what I changed with what others stored meanwhile (three-way): fields that only others changed stay theirs, fields that
 * only I changed are sent again, and what both changed to the same value is done.
 * @param original the values that I saw
 * @param stored the values now
 * @param mine what I changed
 */
export function mergeChanges(original: Values, stored: Values, mine: Values): { send: Values; clashes: Clash[] } {
  const send: Record<string, string | null> = {};
  const clashes: Clash[] = [];
  for (const [field, value] of Object.entries(mine)) {
    const [before, theirs] = [original[field] ?? null, stored[field] ?? null];
    if (theirs === value) continue;
    if (theirs === before) send[field] = value;
    else clashes.push({ field, original: before, theirs, mine: value });
  }
  return { send, clashes };
}

/** Turns paths into the body of a request: `{ 'address.city': x }` into `{ address: { city: x } }`. */
export function toBody(values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [name = '', child] = path.split('.');
    if (child === undefined) body[name] = value;
    else body[name] = { ...(body[name] as object | undefined), [child]: value };
  }
  return body;
}
