import { expect, test } from 'vitest';
import { toCsv } from './csv.ts';

test('writes CSV that a spreadsheet shows and does not compute', () => {
  expect(
    toCsv([
      ['Name', 'Note'],
      ['O"Hara, Ana', '=HYPERLINK("x")'],
      ['-5.20', '-1+1'],
      ['@sum', 'two\nlines'],
    ]),
  ).toBe('Name,Note\r\n"O""Hara, Ana","\'=HYPERLINK(""x"")"\r\n-5.20,\'-1+1\r\n\'@sum,"two\nlines"\r\n');
});
