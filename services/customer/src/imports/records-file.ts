import { createReadStream } from 'node:fs';
import { access, open, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { SourceRecord } from './source-record.ts';

/** Whether a file of records exists. */
export const hasRecordsFile = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Reads a file of records, one JSON document a line, as `writeRecords` wrote it. */
export async function* readRecordsFile(path: string): AsyncGenerator<SourceRecord> {
  const input = createReadStream(path, { encoding: 'utf8' });
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) yield JSON.parse(line) as SourceRecord;
  } finally {
    input.destroy();
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
