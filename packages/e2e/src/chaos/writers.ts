import { customerWrites } from './customer-writes.ts';
import { recordWrites } from './record-writes.ts';
import type { Write, Writer } from './writer.ts';

export type { Writer } from './writer.ts';

const writes = { ...customerWrites, ...recordWrites };

/** Does one more write. What it is depends on the writer's dice and on what it wrote before, never on how long anything took. */
export async function writeOne(writer: Writer): Promise<void> {
  const { book, dice } = writer;
  const all = Object.entries(writes) as [keyof typeof writes, Write][];
  const able = all.filter(([, { possible }]) => possible?.(book) ?? true);
  let chosen = dice.below(able.reduce((sum, [, { weight }]) => sum + weight, 0));
  const [kind] = able.find(([, { weight }]) => (chosen -= weight) < 0) as (typeof able)[number];
  await writeThe(kind, writer);
}

/** Does one write of a kind that is possible. */
export async function writeThe(kind: keyof typeof writes, writer: Writer): Promise<void> {
  const { book, name } = writer;
  await writes[kind].do(writer, `${name} ${book.writes}`);
  book.writes += 1;
}
