import { expect, test } from 'vitest';
import { findRetiredTerms } from './find-retired-terms.ts';

const termsIn = (text: string, path = 'packages/x/src/x.ts') => findRetiredTerms(path, text).map(({ term }) => term);

test('finds retired terms in identifiers, comments, phrases and file names', () => {
  expect(termsIn('const testStreet = openDoor(front_door);')).toEqual(['door', 'street']);
  expect(termsIn('// An event is put aside.\n\nHearers of it')).toEqual(['put aside', 'hearers']);
  expect(termsIn('', 'services/auth/src/auth-under-test.ts')).toEqual(['under-test']);
  expect(findRetiredTerms('a.ts', 'one\ntwo\nthe house')).toMatchObject([{ line: 3, term: 'house' }]);
});

test('accepts words that contain a retired term, contract names and prose about what is under test', () => {
  expect(termsIn('indoor streetwise VAPTEKESYNC_URL vaptekesync the service under test')).toEqual([]);
});

test('accepts the everyday meaning where an exception names the path', () => {
  expect(termsIn("address: 'Elm Street 1'", 'services/auth/src/users/users.test.ts')).toEqual([]);
  expect(termsIn('const street = 1;', 'services/auth/src/users/store.ts')).toEqual(['street']);
  expect(termsIn('door', 'docs/compatibility.md')).toEqual([]);
});
