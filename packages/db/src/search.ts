/** Letters that stand for themselves in Unicode and are typed as the plain ones that people see in them; Cyrillic and Greek as they sound. */
const plain = new Map<string, string>(
  [
    'ß-ss ł-l ø-o đ-d ð-d þ-th æ-ae œ-oe ı-i',
    'а-a б-b в-v г-g д-d е-e ж-zh з-z и-i к-k л-l м-m н-n о-o п-p р-r с-s т-t у-u ф-f х-kh ц-ts ч-ch ш-sh щ-shch ъ- ы-y ь- э-e ю-yu я-ya',
    'і-i є-ye ґ-g ђ-dj ј-j љ-lj њ-nj ћ-c џ-dz',
    'α-a β-v γ-g δ-d ε-e ζ-z η-i θ-th ι-i κ-k λ-l μ-m ν-n ξ-x ο-o π-p ρ-r σ-s ς-s τ-t υ-y φ-f χ-ch ψ-ps ω-o',
  ].flatMap((line) => line.split(' ').map((pair) => pair.split('-') as [string, string])),
);
/** Of other scripts, its code point: pg_trgm knows the letters of ASCII only where the locale is C, and an index of nothing is none. */
const ascii = (letter: string): string =>
  plain.get(letter) ?? `|${(letter.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`;

/**
 * Text as it is searched: accents and case aside, so that `JOSÉ` and `jose` meet, and in ASCII. One function for the row and for the query.
 */
export const normalizeForSearch = (...parts: readonly (string | null | undefined)[]): string =>
  parts
    .filter((part) => part)
    .join(' ')
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\p{L}\p{N}]/gu, (letter) => (letter < '\u0080' ? letter : ascii(letter)))
    .replaceAll(/\s+/g, ' ')
    .trim();

const literal = (text: string): string => text.replaceAll(/[\\%_]/g, String.raw`\$&`);

/** A LIKE pattern that finds `text` anywhere, its own `%`, `_` and `\` taken literally. */
export const containsPattern = (text: string): string => `%${literal(text)}%`;

/**
 * The keys under which a word is found by whoever types it with one typo: of the word, and of the word without each of its letters.
 * Two words have a key in common when one letter is wrong, missing, too many, or two neighbours are swapped (and sometimes when they are
 * further apart, or a hash meets another: `withinOneTypo` tells). A key is a 32-bit hash (FNV-1a), as PostgreSQL's `integer`.
 */
export function deletionKeys(word: string): number[] {
  const letters = [...word];
  const without = letters.map((_, at) => letters.toSpliced(at, 1).join(''));
  return [...new Set([word, ...without].map(hash))];
}

function hash(text: string): number {
  let value = 0x81_1c_9d_c5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01_00_01_93);
  return value | 0;
}

/** Whether at most one letter is wrong, missing or too many, or two neighbours are swapped (Damerau-Levenshtein distance 0 or 1). */
export function isWithinOneEdit(one: string, other: string): boolean {
  const [a, b] = [[...one], [...other]];
  if (Math.abs(a.length - b.length) > 1) return false;
  let from = 0;
  while (from < a.length && a[from] === b[from]) from += 1;
  const same = (fromA: number, fromB: number) => a.slice(fromA).join('') === b.slice(fromB).join('');
  if (a.length > b.length) return same(from + 1, from);
  if (a.length < b.length) return same(from, from + 1);
  return same(from + 1, from + 1) || (a[from] === b[from + 1] && a[from + 1] === b[from] && same(from + 2, from + 2));
}
