import { containsPattern, deletionKeys, isWithinOneEdit, normalizeForSearch, type Db } from '@clientela/db';
import { phoneSearchDigits } from '@clientela/validation/phones';
import { fuzzyWords } from '../customers/search.ts';
import type { Sql } from './list-query.ts';

// Parses a search term into what a customer's search text must contain. customers/search.ts describes that text.

/** Pieces that must all occur in a search text; one that begins with a space begins a word there. */
export type Pieces = readonly string[];
/** A word of letters that may have one typo; the other pieces must occur as they are. */
export type FuzzyTerm = { word: string; deletionKeys: readonly number[]; others: Pieces };
export type SearchTerm = {
  /** The normalized term. */
  text: string;
  /** A customer matches one of these. */
  alternatives: readonly Pieces[];
  fuzzyTerms: readonly FuzzyTerm[];
};

const MAX_WORDS = 8; // more words make no search more exact
const MIN_FUZZY_LENGTH = 4; // letters

export function parseSearchTerm(search: string): SearchTerm {
  const text = normalizeForSearch(search);
  const digits = phoneSearchDigits(search);
  const words = text
    .split(' ')
    .filter((word) => /[a-zA-Z0-9]/.test(word))
    .slice(0, MAX_WORDS);
  if (words.length === 0) return { text, alternatives: [], fuzzyTerms: [] };
  // Digits with separators are one phone or document number.
  if (digits !== undefined) {
    // What contains the text contains its digits, so that the longer of both would only be looked up in vain.
    const pieces = digits.length > 2 && text.includes(digits) ? [piece(digits)] : [piece(digits), piece(text)];
    return { text, alternatives: pieces.map((one) => [one]), fuzzyTerms: [] };
  }
  const [first = '', second, ...rest] = words;
  const alternatives = [words.map(piece)];
  // `jo an` may be the end of one word and the beginning of the next.
  if (second !== undefined && first.length <= 2) alternatives.push([`${first} ${second}`, ...rest.map(piece)]);
  return { text, alternatives, fuzzyTerms: text.length < MIN_FUZZY_LENGTH ? [] : fuzzyTerms(words) };
}

/** One or two characters match the beginning of a word, three or more any part of it. */
const piece = (word: string) => (word.length <= 2 ? ` ${word}` : word);

/** Each run of letters in turn is the one with a typo; what surrounds it and the other words must occur as they are. */
const fuzzyTerms = (words: readonly string[]): FuzzyTerm[] =>
  words.flatMap((word, index) =>
    letterRuns(word).flatMap(({ run, before, after }) => {
      const letters = run.replaceAll(/[^a-z]/g, '');
      if (letters.length < MIN_FUZZY_LENGTH) return [];
      const others = [before, after, ...words.toSpliced(index, 1)].map(trimPunctuation).filter((other) => other);
      return [{ word: letters, deletionKeys: deletionKeys(letters), others: others.map(fuzzyPiece) }];
    }),
  );

const letterRuns = (word: string) =>
  [...word.matchAll(/^[a-z’']+$|[a-z]+/g)].map(({ 0: run, index }) => ({
    run,
    before: word.slice(0, index),
    after: word.slice(index + run.length),
  }));

const trimPunctuation = (text: string) => text.replaceAll(/^[^a-zA-Z0-9|]+|[^a-zA-Z0-9|]+$/g, '');
/** Digits may follow a letter, as in `maria77`. */
const fuzzyPiece = (text: string) => (/^\d/.test(text) ? text : piece(text));

/** Whether a search text contains all pieces of one alternative. */
export function matchesTerm(db: Db, alternatives: readonly Pieces[]): Sql {
  const contains = alternatives.map((pieces) => pieces.map((piece) => containsPiece(db, piece)));
  const sql = contains.map((pieces) => `(${pieces.map(() => '?').join(' and ')})`).join(' or ');
  return db.raw(sql ? `(${sql})` : 'false', contains.flat());
}

/**
 * Asks the index for every third trigram of a long number, at most four from the end, where numbers differ most: each has a long list of
 * customers, and few have all of these. As conditions of their own PostgreSQL intersects the lists in half the time that one pattern of them
 * takes. Of a number that repeats one they would be too few.
 */
function containsPiece(db: Db, piece: string): Sql {
  const trigrams = /^\d{8,}$/.test(piece) ? (piece.match(/\d{3}(?=(?:\d{3})*$)/g) ?? []).slice(-4) : [];
  if (trigrams.length === 0 || new Set(trigrams).size < trigrams.length)
    return db.raw('c.search_text like ?', containsPattern(piece));
  const likes = trigrams.map(() => 'c.search_text like ?').join(' and ');
  return db.raw(`${likes} and strpos(c.search_text, ?) > 0`, [...trigrams.map(containsPattern), piece]);
}

/** Whether a customer contains all pieces of one alternative; keys narrow what the index finds by the punctuation within them. */
export function matchesTermByKeys(db: Db, alternatives: readonly Pieces[]): Sql {
  const matches = alternatives.map((pieces) => {
    const keys = pieces.flatMap(punctuationKeys);
    const contains = matchesTerm(db, [pieces]);
    return keys.length > 0 ? db.raw('(? and c.search_keys @> ?::text[])', [contains, keys]) : contains;
  });
  return db.raw(matches.length > 0 ? `(${matches.map(() => '?').join(' or ')})` : 'false', matches);
}

/**
 * Returns keys that the search_keys() of the database finds in every text with this piece. It misses pairs that share a character with the pair
 * before, as in `j.r.m`, so only those count here that have a further character before them.
 */
export const punctuationKeys = (piece: string): string[] =>
  [...piece.matchAll(/(?<=[a-z0-9])[a-z0-9][^a-zA-Z0-9|\s]{1,8}[a-z0-9]/g)].map(([key]) => key);

/** Customers of whom one word may be within one edit of the term's; `isFuzzyMatch` decides. */
export const mayMatchFuzzily = (db: Db, terms: readonly FuzzyTerm[]): Sql =>
  db.raw(
    `(${terms.map(({ others }) => `(c.deletion_keys && ?::integer[]${' and c.search_text like ?'.repeat(others.length)})`).join(' or ')})`,
    terms.flatMap(({ deletionKeys, others }) => [[...deletionKeys], ...others.map(containsPattern)]),
  );

/** Whether a search text contains all pieces of one alternative, as `matchesTerm` decides in the database. */
export const isExactMatch = (searchText: string, alternatives: readonly Pieces[]): boolean =>
  alternatives.some((pieces) => pieces.every((piece) => searchText.includes(piece)));

/** Whether a search text matches a term with one typo in one word. */
export function isFuzzyMatch(searchText: string, terms: readonly FuzzyTerm[]): boolean {
  const words = fuzzyWords(searchText);
  return terms.some(
    ({ word, others }) =>
      others.every((other) => searchText.includes(other)) && words.some((written) => isWithinOneEdit(written, word)),
  );
}
