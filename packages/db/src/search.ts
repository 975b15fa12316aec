/** Transliterates Cyrillic, Greek, and Latin letters without a Unicode decomposition. */
const transliterations = new Map<string, string>(
  [
    'ß-ss ł-l ø-o đ-d ð-d þ-th æ-ae œ-oe ı-i',
    'а-a б-b в-v г-g д-d е-e ж-zh з-z и-i к-k л-l м-m н-n о-o п-p р-r с-s т-t у-u ф-f х-kh ц-ts ч-ch ш-sh щ-shch ъ- ы-y ь- э-e ю-yu я-ya',
    'і-i є-ye ґ-g ђ-dj ј-j љ-lj њ-nj ћ-c џ-dz',
    'α-a β-v γ-g δ-d ε-e ζ-z η-i θ-th ι-i κ-k λ-l μ-m ν-n ξ-x ο-o π-p ρ-r σ-s ς-s τ-t υ-y φ-f χ-ch ψ-ps ω-o',
  ].flatMap((line) => line.split(' ').map((pair) => pair.split('-') as [string, string])),
);
/**
 * Writes a letter of another script as its code point, because pg_trgm indexes only ASCII letters in the C locale. Capitals stand for the
 * hexadecimal digits, A to P for 0 to f: normalized text has none, so that neither digits nor Latin letters match them.
 */
const toAscii = (letter: string): string =>
  transliterations.get(letter) ??
  `|${hexDigits(letter).replaceAll(/./g, (digit) => capitals[parseInt(digit, 16)] ?? '')}`;
const hexDigits = (letter: string) => (letter.codePointAt(0) ?? 0).toString(16).padStart(6, '0');
const capitals = 'ABCDEFGHIJKLMNOP';

const isAscii = (text: string): boolean => /^[\0-\u007f]*$/.test(text);

/** Normalizes text for search: ASCII, without accents and case, so that `jose` finds `JOSÉ`. Used for stored rows and for search terms. */
export function normalizeForSearch(...parts: readonly (string | null | undefined)[]): string {
  const text = parts.filter((part) => part).join(' ');
  const letters = isAscii(text) ? text.toLowerCase() : toAsciiLetters(text);
  return letters.replaceAll(/\s+/g, ' ').trim();
}

const toAsciiLetters = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\p{L}\p{N}]/gu, (letter) => (letter < '\u0080' ? letter : toAscii(letter)));

const escapeLike = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** Builds a LIKE pattern that finds `text` anywhere; its own `%`, `_` and `\` are escaped. */
export const containsPattern = (text: string): string => `%${escapeLike(text)}%`;

/**
 * Computes the deletion keys of a word (SymSpell, distance 1): hashes of the word and of the word without each of its letters.
 * Words within one edit share a key. Words further apart sometimes share one too, so `isWithinOneEdit` verifies a match.
 * A key is a 32-bit FNV-1a hash in the range of PostgreSQL's `integer`.
 */
export function deletionKeys(word: string): number[] {
  const bytes = Buffer.from(word);
  const keys = new Set([fnv1a(bytes, 0, 0)]);
  // Skips the bytes of a letter instead of building each shorter word: an import computes some sixty keys a row.
  for (let start = 0, end = 1; start < bytes.length; start = end, end += 1) {
    while (end < bytes.length && isContinuation(bytes[end] ?? 0)) end += 1;
    keys.add(fnv1a(bytes, start, end));
  }
  return [...keys];
}

/** Whether a byte of UTF-8 (RFC 3629) continues a letter. */
const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Hashes the bytes before `start` and from `end`. */
function fnv1a(bytes: Buffer, start: number, end: number): number {
  let value = 0x81_1c_9d_c5;
  for (let index = 0; index < start; index += 1) value = Math.imul(value ^ (bytes[index] ?? 0), 0x01_00_01_93);
  for (let index = end; index < bytes.length; index += 1) value = Math.imul(value ^ (bytes[index] ?? 0), 0x01_00_01_93);
  return value | 0;
}

/** Whether the Damerau-Levenshtein distance (insertion, deletion, substitution, transposition) is 0 or 1. */
export function isWithinOneEdit(first: string, second: string): boolean {
  const [a, b] = [[...first], [...second]];
  if (Math.abs(a.length - b.length) > 1) return false;
  let prefix = 0;
  while (prefix < a.length && a[prefix] === b[prefix]) prefix += 1;
  const sameFrom = (fromA: number, fromB: number) => a.slice(fromA).join('') === b.slice(fromB).join('');
  if (a.length > b.length) return sameFrom(prefix + 1, prefix);
  if (a.length < b.length) return sameFrom(prefix, prefix + 1);
  return (
    sameFrom(prefix + 1, prefix + 1) ||
    (a[prefix] === b[prefix + 1] && a[prefix + 1] === b[prefix] && sameFrom(prefix + 2, prefix + 2))
  );
}
