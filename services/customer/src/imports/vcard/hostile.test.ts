import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { someRuns } from '@clientela/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyzeVcards, readVcards } from './read-vcards.ts';

const line = fc.oneof(
  fc.constantFrom(
    'BEGIN:VCARD',
    'END:VCARD',
    'VERSION:2.1',
    'VERSION:3.0',
    'FN:Ann',
    'N:Quill;Mara;;;',
    'AGENT:',
    '',
    ' folded',
    '\tfolded',

    'TEL;CELL:+14155550132',
    'EMAIL;TYPE="pref:a@example.com',
    'NOTE;ENCODING=QUOTED-PRINTABLE:=',
    'NOTE;QUOTED-PRINTABLE:=D0=9',
    'AAAA',

    'PHOTO;BASE64:/9j/',
    'X;=:',
    ':',
    ';',
    '.:',
    'constructor:x',
    '__proto__:x',
    'TEL;__proto__=x:1',
    'item1.X-ABLabel:y',
    'item1.TEL:12345',

    'N;CHARSET=nonsense:Zo\xeb',
    'BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-17',
    'CATEGORIES:a,,b\\,c',
    'ADR:;;a\\nb;c',
    'FN;CHARSET=SHIFT_JIS:\x83A',
  ),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: 30 }),
);

test('random lines never throw, every card is one record, and no stored text is broken', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  const path = join(folder, 'cards.vcf');
  const property = fc.asyncProperty(
    fc.array(line, { maxLength: 60 }),
    fc.constantFrom('\r\n', '\n', '\r'),
    async (lines, lineBreak) => {
      await writeFile(path, Buffer.from(lines.join(lineBreak), 'latin1'));
      const { rows } = await analyzeVcards(path, { encoding: 'utf-8' });
      const records = await Array.fromAsync(readVcards(path, { encoding: 'windows-1252' }, { country: 'US' }));
      expect(records.map(({ row }) => row)).toEqual(Array.from({ length: rows }, (_, index) => index + 1));
      const stored = JSON.stringify(records.map(({ fields, notes }) => [fields, notes]));
      expect(stored).not.toMatch(/\\u0000|\\ud[89a-f]|\ufffd/i);
    },
  );
  await fc.assert(property, { numRuns: someRuns(300, 60) });
  await rm(folder, { recursive: true });
});
