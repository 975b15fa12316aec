import { createReadStream } from 'node:fs';
import { access, open, rename } from 'node:fs/promises';
import type { SourceRecord } from './source-record.ts';

/** Whether a file of records exists. */
export const hasRecordsFile = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Reads a file of records, one JSON document a line, as `writeRecords` wrote it. */
export async function* readRecordsFile(path: string): AsyncGenerator<SourceRecord> {
  let rest = '';
  // Splits by hand, because node:readline also ends a line at U+2028, and misses errors of its input.
  for await (const chunk of createReadStream(path, { encoding: 'utf8' }) as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as SourceRecord;
  }
}

/** Writes records to a file that exists under its name only once it is complete and on the disk. */
export async function writeRecords(path: string, records: AsyncIterable<SourceRecord>): Promise<void> {
  const temporary = `${path}.part`;
  const file = await open(temporary, 'w', 0o600);
  try {
    let lines: string[] = [];
    const flush = async () => {
      await file.appendFile(lines.join(''));
      lines = [];
    };
    for await (const record of records) {
      lines.push(`${JSON.stringify(record)}\n`);
      if (lines.length === linesPerWrite) await flush();
    }
    await flush();
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

const linesPerWrite = 200;
