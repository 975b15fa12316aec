/** Text as it is searched: accents and case aside, so that `JOSÉ` and `jose` meet. One function for the row and for the query. */
export const searchedText = (...parts: readonly (string | null | undefined)[]): string =>
  parts
    .filter((part) => part)
    .join(' ')
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** A LIKE pattern that finds `text` anywhere, its own `%`, `_` and `\` taken literally. */
export const like = (text: string): string => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
