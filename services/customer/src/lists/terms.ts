import { normalizeForSearch, deletionKeys, isWithinOneEdit } from '@clientela/db';
import { phoneSearchDigits } from '@clientela/validation/phones';
import { fuzzyWords, splitWords } from '../customers/search.ts';

// What somebody looks for, and what a searched text must hold for it. See customers/search.ts for how such a text is written.

/** Pieces that must all be in a searched text; one that begins with a blank begins a word there. */
export type Pieces = readonly string[];
/** A word of letters that may be typed wrong, and the pieces that must be there beside it. */
export type Mistyped = { word: string; keys: readonly number[]; others: Pieces };
export type Term = {
  /** The term as one text. */
  text: string;
  /** Any of these finds a customer. */
  any_of: readonly Pieces[];
  mistyped: readonly Mistyped[];
};

/** Of one or two characters, the start of a word; of three, any part of one. */
const piece = (word: string) => ([...word].length <= 2 ? ` ${word}` : word);
const somethingToFind = /[\p{L}\p{N}]/u;
const most = 8; // words of a term that are looked for; more make nothing more exact

export function termOf(search: string): Term {
  const text = normalizeForSearch(search);
  const digits = phoneSearchDigits(search);
  const words = text
    .split(' ')
    .filter((word) => somethingToFind.test(word))
    .slice(0, most);
  if (words.length === 0) return { text, any_of: [], mistyped: [] };
  // What looks like a phone or a document number is one thing, however it is set apart.
  if (digits !== undefined) return { text, any_of: distinct([[piece(digits)], [piece(text)]]), mistyped: [] };
  const [first = '', second, ...rest] = words;
  const any_of = [words.map(piece)];
  // `jo an` is also the end of a word and the start of the next.
  if (second !== undefined && [...first].length <= 2) any_of.push([`${first} ${second}`, ...rest.map(piece)]);
  return { text, any_of, mistyped: [...text].length < shortestMistyped ? [] : mistyped(words) };
}

const distinct = (all: readonly string[][]): string[][] => [
  ...new Map(all.map((one) => [one.join('\n'), one])).values(),
];

const shortestMistyped = 4; // letters

/** Each word of letters in turn is the one with a typo; digits never are. */
function mistyped(words: readonly string[]): Mistyped[] {
  const parts = words.flatMap((word) => (/^[\p{L}’']+$/u.test(word) ? [word] : (word.match(/\p{L}+|\p{N}+/gu) ?? [])));
  return parts.flatMap((part, at) => {
    const word = part.replaceAll(/[^\p{L}\p{N}]/gu, '');
    if (!/^\p{L}+$/u.test(word) || [...word].length < shortestMistyped) return [];
    return [
      {
        word,
        keys: deletionKeys(word),
        others: parts.toSpliced(at, 1).map((other) => (/^\p{N}/u.test(other) ? other : piece(other))),
      },
    ];
  });
}

/** Whether a searched text holds what was typed, with one typo in one word. */
export const holdsMistyped = (search_text: string, options: readonly Mistyped[]): boolean => {
  const words = fuzzyWords(search_text);
  return options.some(
    ({ word, others }) =>
      others.every((other) => search_text.includes(other)) && words.some((written) => isWithinOneEdit(written, word)),
  );
};

/**
 * What the index of trigrams knows of a piece: parts of three characters, and starts of words of one or two. Where punctuation stands
 * before a run of letters or digits, a word begins there. Runs of one or two characters in the middle of a word have no trigram.
 */
export const trigramsOf = (piece: string): string[] =>
  splitWords(piece).flatMap((run) => {
    const letters = [...run];
    if (letters.length >= 3) return letters.slice(2).map((last, at) => `${letters[at]}${letters[at + 1]}${last}`);
    return piece.startsWith(run) ? [] : [` ${run}`];
  });
