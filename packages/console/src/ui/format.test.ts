import { expect, test } from 'vitest';
import { formatCode } from './format.ts';

test.for([
  ['de', 'German'],
  ['en-NG', 'English (Nigeria)'],
  ['zh-Hant-TW', 'Chinese (Traditional, Taiwan)'],
  ['Klingon', 'Klingon'],
  ['en_', 'en_'],
] as const)('the language %s is %s', ([code, name]) => {
  expect(formatCode(code, 'language')).toBe(name);
});
