import { customerWrites } from './customer-writes.ts';
import { recordWrites } from './record-writes.ts';
import type { Write, Writer } from './writer.ts';

export type { Writer } from './writer.ts';

const writes = { ...customerWrites, ...recordWrites };

/** Does one write. Its kind depends on the writer's seed and earlier writes, never on timing. */
export async function writeOne(writer: Writer): Promise<void> {
  const { ledger, random } = writer;
  const all = Object.entries(writes) as [keyof typeof writes, Write][];
  const possible = all.filter(([, { isPossible }]) => isPossible?.(ledger) ?? true);
  let chosen = random.below(possible.reduce((sum, [, { weight }]) => sum + weight, 0));
  const [kind] = possible.find(([, { weight }]) => (chosen -= weight) < 0) as (typeof possible)[number];
  await write(kind, writer);
}

/** Does one write of a kind. */
export async function write(kind: keyof typeof writes, writer: Writer): Promise<void> {
  const { ledger, name } = writer;
  await writes[kind].do(writer, `${name} ${ledger.writes}`);
  ledger.writes += 1;
}
