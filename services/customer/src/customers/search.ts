import { normalizeForSearch, deletionKeys } from '@clientela/db';
import { unicodeEmail } from '@clientela/validation';
import { phoneDigits } from '@clientela/validation/phones';

type SearchableFields = {
  [Field in 'full_name' | 'firstname' | 'lastname' | 'email' | 'phone' | 'document_number']: string | null;
};

export type SearchColumns = { search_text: string; deletion_keys: number[] };

/**
 * Builds the search columns of a customer; every write of a row uses this function.
 *
 * `search_text` has one line for each value, `\n jose.garcia@example.com \n`, so that no match spans two values. A blank precedes
 * each word. Words that only punctuation separates are repeated on an extra line.
 * `deletion_keys` are those of the alphabetic words of names and e-mail.
 */
export function searchColumns(record: SearchableFields): SearchColumns {
  const { full_name, firstname, lastname, email, phone, document_number } = record;
  // Mostly one name: a full name is built from its parts until a client sets it.
  const names = [...new Set([full_name, [firstname, lastname].filter((part) => part !== null).join(' ')])].map((name) =>
    normalizeForSearch(name),
  );
  const readableEmail = email && unicodeEmail(email);
  const normalizedEmail = normalizeForSearch(readableEmail);
  const words = [...names, normalizedEmail].map((value) =>
    /[^a-zA-Z0-9|\s]/.test(value) ? splitWords(value).join(' ') : '',
  );
  const asciiEmail = email === readableEmail ? null : email;
  const otherValues = [asciiEmail, phone, ...(phone ? phoneDigits(phone) : []), document_number].map((value) =>
    normalizeForSearch(value),
  );
  const lines = new Set([...names, normalizedEmail, ...otherValues, ...words].filter((line) => line));
  const keys = new Set(
    [...names, normalizedEmail].flatMap((value) => fuzzyWords(value)).flatMap((word) => deletionKeys(word)),
  );
  return { search_text: `\n${[...lines].map((line) => ` ${line} \n`).join('')}`, deletion_keys: [...keys] };
}

/** Lists the pairs of characters around punctuation of a search text, as `search_keys()` of the database does for a customer without tags. */
export const searchKeys = (searchText: string): string[] => [
  ...new Set(searchText.match(/[a-z0-9][^a-zA-Z0-9|\s]{1,8}[a-z0-9]/gu)),
];

/** Splits a normalized text into runs of letters and digits. A bar and capitals are a letter of another script. */
export const splitWords = (text: string): string[] => text.match(/[a-zA-Z0-9|]+/g) ?? [];

const minWordLength = 3; // letters: matches a search term of four with one letter too many
const maxWordLength = 40;

/**
 * Returns the words of Latin letters that fuzzy search compares: letter runs, and parts without their punctuation, such as `obrien`
 * in addition to `o` and `brien`.
 */
export function fuzzyWords(text: string): string[] {
  const runs = text.match(/[a-z]+/g) ?? [];
  const joined = text.split(/[\s@]+/).map((part) => part.replaceAll(/[^a-zA-Z0-9]/g, ''));
  const words = [...runs, ...joined.filter((word) => /^[a-z]+$/.test(word))];
  return [...new Set(words)].filter((word) => word.length >= minWordLength && word.length <= maxWordLength);
}
