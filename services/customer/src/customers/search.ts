import { normalizeForSearch, deletionKeys } from '@clientela/db';
import { phoneDigits } from '@clientela/validation/phones';

type SearchableFields = {
  [Field in 'full_name' | 'firstname' | 'lastname' | 'email' | 'phone' | 'document_number']: string | null;
};

/**
 * What a customer is found by: the one place where it is made, for every way in which a row is written.
 *
 * `searched` holds a line for each value, `\n jose.garcia@example.com \n`, so that no search runs from the end of one value into the
 * next. A blank stands before each word: one that only punctuation sets apart is written again in a line of such words.
 * `deletion_keys` are those of the words of names and e-mail that consist of letters.
 */
export function searchColumns(record: SearchableFields): { search_text: string; deletion_keys: number[] } {
  const { full_name, firstname, lastname, email, phone, document_number } = record;
  const names = [full_name, [firstname, lastname].filter((part) => part !== null).join(' ')].map((name) =>
    normalizeForSearch(name),
  );
  const mail = normalizeForSearch(email);
  const words = [...names, mail].map((value) => (/[^a-z0-9|\s]/.test(value) ? splitWords(value).join(' ') : ''));
  const others = [phone, ...(phone ? phoneDigits(phone) : []), document_number].map((value) =>
    normalizeForSearch(value),
  );
  const lines = new Set([...names, mail, ...others, ...words].filter((line) => line));
  const keys = new Set([...names, mail].flatMap((value) => fuzzyWords(value)).flatMap((word) => deletionKeys(word)));
  return { search_text: `\n${[...lines].map((line) => ` ${line} \n`).join('')}`, deletion_keys: [...keys] };
}

/** The words of a searched text: runs of letters and digits. */
export const splitWords = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];

const minWordLength = 3; // letters: a search of four meets it with one too many
const maxWordLength = 40;

/** The words in which a typo is looked for: of letters alone, `obrien` beside `o` and `brien`, `josegarcia` beside `jose` and `garcia`. */
export function fuzzyWords(text: string): string[] {
  const runs = text.match(/\p{L}+/gu) ?? [];
  const joined = text.split(/[\s@]+/).map((part) => part.replaceAll(/[^\p{L}\p{N}]/gu, ''));
  const words = [...runs, ...joined.filter((word) => /^\p{L}+$/u.test(word))];
  return [...new Set(words)].filter((word) => word.length >= minWordLength && word.length <= maxWordLength);
}
