import { containsPattern, normalizeForSearch } from '@clientela/db';
import { phoneSearchDigits, phoneDigits } from '@clientela/validation/phones';
import type { User } from './schema.ts';

type Searched = Pick<User, 'first_name' | 'last_name' | 'username' | 'email' | 'phone'>;

/** What a user is found by. A line each, so that no search runs from the end of one value into the next. */
export function searchedIn({ first_name, last_name, username, email, phone }: Searched): string {
  const name = [first_name, last_name].filter((part) => part !== null).join(' ');
  const values = [name, username, email, phone, ...(phone ? phoneDigits(phone) : [])];
  return [...new Set(values.map((value) => normalizeForSearch(value)))].filter((line) => line).join('\n');
}

/** LIKE patterns for what somebody looks for: as text, and as the digits of a phone however they are set apart. */
export function patternsOf(search: string): string[] {
  const wanted = new Set([normalizeForSearch(search), phoneSearchDigits(search) ?? '']);
  return [...wanted].filter((text) => text).map(containsPattern);
}
