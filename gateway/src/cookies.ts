// Services have no cookies, but on the routes that declare theirs: elsewhere none passes, in either direction.

/** The name of a cookie: what precedes the first `=` of a pair, or of a Set-Cookie header (RFC 6265, 5.2). */
const nameOf = (text: string): string => text.slice(0, Math.max(text.indexOf('='), 0)).trim();

/** Keeps the cookies of these names. @returns undefined when there is none */
export const passedCookies = (header: string | undefined, names: readonly string[]): string | undefined =>
  header
    ?.split(';')
    .filter((pair) => names.includes(nameOf(pair)))
    .map((pair) => pair.trim())
    .join('; ') || undefined;

/** Keeps the headers that set a cookie of these names. */
export const passedSetCookies = (header: string | string[] | undefined, names: readonly string[]): string[] =>
  [header ?? []].flat().filter((text) => names.includes(nameOf(text)));
