/** Names of columns, in any spelling, by the role that they have. `#` stands for a number within the name. */
export type HeaderNames = Readonly<Record<string, readonly string[]>>;

/** Returns the form in which names of columns are compared: without case, accents, blanks, hyphens and other signs. */
export const comparedName = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
