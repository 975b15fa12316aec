import { someCases } from '@clientela/testing';

/** Values that no field takes as they are; all in `*.large.test.ts`. */
export const malformedValues = (): readonly unknown[] =>
  someCases<unknown>(
    [
      null,
      1e300,
      {},
      '\u0000',
      0,
      -1,
      true,
      [],
      '',
      '\ud800',
      '__proto__',
      'İ'.repeat(50),
      '%',
      "'",
      '9999-12-31T23:59:59+00:01',
    ],
    4,
  );
