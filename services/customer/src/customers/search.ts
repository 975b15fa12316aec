import { like, searchedText } from '@clientela/db';
import { digitsTyped, phoneDigits } from '@clientela/values/phones';

type Searched = {
  [Field in 'full_name' | 'firstname' | 'lastname' | 'email' | 'phone' | 'document_number']: string | null;
};

/** What a customer is found by. A line each, so that no search runs from the end of one value into the next. */
export function searchedIn({ full_name, firstname, lastname, email, phone, document_number }: Searched): string {
  const name = [firstname, lastname].filter((part) => part !== null).join(' ');
  const values = [full_name, name, email, phone, ...(phone ? phoneDigits(phone) : []), document_number];
  return [...new Set(values.map((value) => searchedText(value)))].filter((line) => line).join('\n');
}

/** LIKE patterns for what somebody looks for: as text, and as the digits of a phone or document however they are set apart. */
export function patternsOf(search: string): string[] {
  const wanted = new Set([searchedText(search), digitsTyped(search) ?? '']);
  return [...wanted].filter((text) => text).map(like);
}
