import { expect, test } from 'vitest';
import { lastError } from './last-error.ts';

test.each([
  [
    'Invalid settings:\n  PORT: must be a port\n  HOST: is missing\n',
    'invalid settings: PORT: must be a port; HOST: is missing',
  ],
  [
    'warning: old\nTypeError: x is not a function\n    at f (a.ts:1:2)\n    at g (a.ts:3:4)\n',
    'TypeError: x is not a function',
  ],
  [
    'file:///a/main.ts:1\nthrow new Error(1)\n^\n\nError: no luck\n    at a.ts:1:7\n\nNode.js v24.21.0\n',
    'Error: no luck',
  ],
  ['The disk is full\n', 'The disk is full'],
  [`Error: ${'x'.repeat(1000)}\n`, `Error: ${'x'.repeat(293)}`],
])('is the last error of %j', (stderr, expected) => {
  expect(lastError(stderr, 1, null)).toBe(expected);
});

test('is how a silent process ended', () => {
  expect([lastError('', 3, null), lastError('\n', null, 'SIGKILL')]).toEqual(['exit code 3', 'killed by SIGKILL']);
});
