import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import type { ImportSource } from '../settings.ts';
import { readRecordsFile } from '../../records-file.ts';
import { spoolSource, type SpoolOptions } from '../spool.ts';
import type { Oracle, TableRow } from './source-table.ts';

/** Options of a read, with what it logs and how long it pauses. */
export function spooling(options: Partial<SpoolOptions> = {}) {
  const warnings: string[] = [];
  const pauses: number[] = [];
  return {
    path: join(mkdtempSync(join(inject('folder'), 'spool-')), 'source.jsonl'),
    warnings,
    pauses,
    options: {
      signal: new AbortController().signal,
      maxBytes: 100_000_000,
      log: { warn: (fields: object, message: string) => void warnings.push(`${message} ${JSON.stringify(fields)}`) },
      sleep: async (milliseconds: number) => void pauses.push(milliseconds),
      pageSize: 100,
      ...options,
    } satisfies SpoolOptions,
  };
}

export async function recordsOf(path: string) {
  const records = [];
  for await (const record of readRecordsFile(path)) records.push(record);
  return records;
}

/** Spools a source, and compares the file with what the generator expects. */
export async function expectSpooled(
  source: ImportSource,
  table: { rows: readonly TableRow[]; oracle: Oracle },
  pageSize = 100,
) {
  const { path, options } = spooling({ pageSize });
  const counts = await spoolSource(path, source, options);
  const { read, skipped, duplicates, invalid_emails, emails_taken } = table.oracle.counts;
  expect(counts).toEqual({ read, skipped, duplicates, invalid_emails });
  const records = await recordsOf(path);
  expect(records).toHaveLength(table.oracle.customers.size);
  const emails = new Set<unknown>();
  let taken = 0;
  let above = 2n ** 63n;
  for (const { fields, created_at } of records) {
    const id = BigInt(fields['external_id'] as string);
    expect(id < above).toBe(true);
    above = id;
    const expected = table.oracle.customers.get(String(fields['phone']).slice(2));
    expect(fields['phone']).toMatch(/^\+7\d{10}$/);
    expect({ ID: fields['external_id'], firstname: fields['firstname'] ?? null }).toEqual({
      ID: expected?.ID,
      firstname: expected?.firstname,
    });
    expect(fields['number']).toBe(id < 10_000_000n ? Number(id) : undefined);
    expect(created_at).toBe(expected?.created_at ? new Date(expected.created_at * 1000).toISOString() : undefined);
    if (emails.has(fields['email'])) taken += 1;
    else expect(fields['email'] ?? null).toBe(expected?.email);
    if (fields['email'] !== undefined) emails.add(fields['email']);
  }
  expect(taken).toBe(emails_taken);
}
