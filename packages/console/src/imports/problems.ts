export type ProblemGroup = { column: string; reason: string; count: number; rows: string[] };

const maxBytes = 1_000_000;
const maxGroups = 10;
const maxRows = 5;

/** Reads the start of a stream of text. @returns whether that is all of it */
async function readStart(stream: ReadableStream<Uint8Array>): Promise<{ text: string; isWhole: boolean }> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { text, isWhole: true };
    text += decoder.decode(value, { stream: true });
    if (text.length < maxBytes) continue;
    await reader.cancel();
    return { text: text.slice(0, text.lastIndexOf('\r\n')), isWhole: false };
  }
}

const line = /^([^,\r\n]*),("(?:[^"]|"")*"|[^,\r\n]*),("(?:[^"]|"")*"|[^\r\n]*)\r$/gm;
const unquoted = (cell = '') => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);

/** Groups the problems of an import by column and reason, the most frequent first. */
export async function groupProblems(stream: ReadableStream<Uint8Array>) {
  const { text, isWhole } = await readStart(stream);
  const groups = new Map<string, ProblemGroup>();
  for (const [, row = '', second, third] of text.slice(text.indexOf('\n') + 1).matchAll(line)) {
    const [column, reason] = [unquoted(second), unquoted(third)];
    const key = JSON.stringify([column, reason]);
    const group = groups.get(key) ?? { column, reason, count: 0, rows: [] };
    group.count += 1;
    if (group.rows.length < maxRows) group.rows.push(row);
    groups.set(key, group);
  }
  const sorted = [...groups.values()].toSorted((one, other) => other.count - one.count);
  return { groups: sorted.slice(0, maxGroups), more: Math.max(0, sorted.length - maxGroups), isWhole };
}
