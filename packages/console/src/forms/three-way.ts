/** The fields of a form, as texts. */
export type Values = Readonly<Record<string, string>>;

export type Merge<V extends Values> = {
  /** What the form shows: the stored record with everything that was typed. */
  values: V;
  /** Fields that somebody else changed and the person did not. */
  taken: (keyof V & string)[];
  /** Fields that both changed, to different values. */
  conflicts: (keyof V & string)[];
};

/** Joins what a person typed into a form with what others stored meanwhile, field by field. */
export function threeWay<V extends Values>(original: V, mine: V, theirs: V): Merge<V> {
  const keys = Object.keys(theirs) as (keyof V & string)[];
  const isMine = (key: keyof V) => mine[key] !== original[key];
  const isTheirs = (key: keyof V) => theirs[key] !== original[key];
  return {
    values: Object.fromEntries(keys.map((key) => [key, isMine(key) ? mine[key] : theirs[key]])) as unknown as V,
    taken: keys.filter((key) => isTheirs(key) && !isMine(key)),
    conflicts: keys.filter((key) => isTheirs(key) && isMine(key) && mine[key] !== theirs[key]),
  };
}

/** The fields that differ from what is stored. */
export const changesOf = <V extends Values>(stored: V, draft: V): Partial<V> =>
  Object.fromEntries(Object.entries(draft).filter(([key, value]) => value !== stored[key])) as Partial<V>;
