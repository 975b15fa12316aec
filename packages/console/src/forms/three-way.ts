/** The fields of a record by path, such as `address.city`; in forms as texts. */
export type Values = Readonly<Record<string, string | null>>;

type Name<V extends Values> = keyof V & string;
/** A field that both changed, to different values. */
export type Clash<Field extends string = string> = {
  field: Field;
  original: string | null;
  theirs: string | null;
  mine: string | null;
};

export type Merge<V extends Values> = {
  /** What a form shows: the stored record with everything that was typed. */
  values: V;
  /** What only the person changed, and is still to be sent. */
  send: Values;
  /** Fields that only somebody else changed. */
  taken: Name<V>[];
  clashes: Clash<Name<V>>[];
};

/**
 * Joins what a person changed with what others stored meanwhile, field by field (three-way): what only others changed stays theirs, what
 * only the person changed is sent again, and what both changed to the same value is done.
 * @param original the record that the person saw
 * @param mine its fields as the person wants them; omitted ones are unchanged
 * @param theirs the record as it is stored now
 */
export function threeWay<V extends Values>(original: V, mine: Partial<V>, theirs: V): Merge<V> {
  const fields = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])].map((field: Name<V>) => {
    const [before, now] = [original[field] ?? null, theirs[field] ?? null];
    const wanted = field in mine ? (mine[field] ?? null) : before;
    return { field, original: before, theirs: now, mine: wanted, isMine: wanted !== before, isTheirs: now !== before };
  });
  const pick = (chosen: typeof fields): Values =>
    Object.fromEntries(chosen.map((each) => [each.field, each.isMine ? each.mine : each.theirs]));
  return {
    values: pick(fields) as V,
    send: pick(fields.filter(({ isMine, isTheirs }) => isMine && !isTheirs)),
    taken: fields.filter(({ isMine, isTheirs }) => isTheirs && !isMine).map(({ field }) => field),
    clashes: fields
      .filter((each) => each.isMine && each.isTheirs && each.mine !== each.theirs)
      .map(({ isMine: _isMine, isTheirs: _isTheirs, ...clash }) => clash),
  };
}

/** The fields that differ from what is stored. */
export const changesOf = <V extends Values>(stored: V, draft: V): Partial<V> =>
  Object.fromEntries(Object.entries(draft).filter(([key, value]) => value !== stored[key])) as Partial<V>;
