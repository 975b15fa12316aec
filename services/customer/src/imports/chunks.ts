import type { SourceRecord } from './source-record.ts';

const maxCharacters = 500_000; // of a chunk, unless one record has more

/** Groups records into chunks of at most `size`, and of a bounded amount of text, so that their memory is bounded too. */
export async function* chunksOf(records: AsyncIterable<SourceRecord>, size: number): AsyncGenerator<SourceRecord[]> {
  let chunk: SourceRecord[] = [];
  let characters = 0;
  for await (const record of records) {
    chunk.push(record);
    characters += charactersOf(record);
    if (chunk.length < size && characters < maxCharacters) continue;
    yield chunk;
    chunk = [];
    characters = 0;
  }
  if (chunk.length > 0) yield chunk;
}

/** Counts a remark as more than its text, which records share: a small record may have thousands. */
const charactersOfRemark = 200;

function charactersOf({ fields, notes, remarks }: SourceRecord): number {
  let characters = remarks.length * charactersOfRemark;
  for (const value of Object.values(fields))
    characters += typeof value === 'string' ? value.length : JSON.stringify(value).length;
  for (const note of notes) characters += note.length;
  return characters;
}
