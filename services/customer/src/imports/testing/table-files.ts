import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeFile, type AnalyzeOptions } from '../analyze-file.ts';
import { readRecords } from '../read-records.ts';
import type { SourceRecord } from '../source-record.ts';

/** Analyzes and reads a file of these bytes, as an import does. */
export async function readBytes(bytes: Buffer | string, options: AnalyzeOptions & { country?: string } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'clientela-table-'));
  try {
    const path = join(folder, 'upload');
    writeFileSync(path, bytes);
    const { country = 'US', ...choices } = options;
    const analysis = await analyzeFile(path, choices);
    const records: SourceRecord[] = [];
    for await (const record of readRecords(path, analysis, { country })) records.push(record);
    return { analysis, records };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
