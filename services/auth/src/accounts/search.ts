import { containsPattern, normalizeForSearch } from '@clientela/db';
import { unicodeEmail } from '@clientela/validation';
import { phoneSearchDigits, phoneDigits } from '@clientela/validation/phones';
import type { User } from './schema.ts';

type SearchedFields = Pick<User, 'first_name' | 'last_name' | 'username' | 'email' | 'phone'>;

/** Builds the search text of a user, one value a line, so that no match spans two values. */
export function searchTextOf({ first_name, last_name, username, email, phone }: SearchedFields): string {
  const name = [first_name, last_name].filter((part) => part !== null).join(' ');
  const values = [name, username, email, unicodeEmail(email), phone, ...(phone ? phoneDigits(phone) : [])];
  return [...new Set(values.map((value) => normalizeForSearch(value)))].filter((line) => line).join('\n');
}

/** Returns LIKE patterns for a search: its normalized text, and its digits when it looks like a phone number. */
export function searchPatterns(search: string): string[] {
  const terms = new Set([normalizeForSearch(search), phoneSearchDigits(search) ?? '']);
  return [...terms].filter((term) => term).map(containsPattern);
}
