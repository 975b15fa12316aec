import { expect, test } from 'vitest';
import { chunksOf } from './chunks.ts';
import type { SourceRecord } from './source-record.ts';

const recordOf = (row: number, parts: Partial<SourceRecord>): SourceRecord => ({
  row,
  fields: {},
  notes: [],
  remarks: [],
  ...parts,
});

async function sizesOf(parts: Partial<SourceRecord>): Promise<number[]> {
  async function* records() {
    for (let row = 1; row <= 1200; row += 1) yield recordOf(row, parts);
  }
  return (await Array.fromAsync(chunksOf(records(), 500))).map(({ length }) => length);
}

test('bounds chunks by their number of records, their text and their remarks', async () => {
  expect(await sizesOf({})).toEqual([500, 500, 200]);
  expect(Math.max(...(await sizesOf({ notes: ['x'.repeat(10_000)] })))).toBe(50);
  const remarks = Array.from({ length: 100 }, () => ({ column: 'Phone', reason: 'is not a phone number' }));
  expect(Math.max(...(await sizesOf({ remarks })))).toBe(25);
});
