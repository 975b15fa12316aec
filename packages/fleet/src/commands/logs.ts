import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repoRoot } from '../launcher/services.ts';

type Followed = { file: number; inode: number; at: number; rest: string; cut: boolean };

const tail = 4_000; // bytes of what is there already
const beat = 250; // milliseconds

/** Follows every log of a folder and hands on whole lines; a file that was put aside for a new one is read to its end first. */
export function followLogs(folder: string, show: (program: string, line: string) => void): { look: () => void } {
  const followed = new Map<string, Followed>();
  let first = true;
  const drain = (name: string, one: Followed) => {
    const size = fstatSync(one.file).size;
    while (one.at < size) {
      const bytes = Buffer.alloc(Math.min(65_536, size - one.at));
      const read = readSync(one.file, bytes, 0, bytes.length, one.at);
      if (read === 0) break;
      one.at += read;
      const lines = (one.rest + bytes.toString('latin1', 0, read)).split('\n');
      one.rest = lines.pop() ?? '';
      // Read byte by byte as latin1 and put together here, so that no character is cut in two between two reads.
      // Begun in the middle: the rest of that line is nobody's.
      if (one.cut && lines.length > 0) one.cut = lines.shift() === undefined;
      for (const line of lines) show(name, Buffer.from(line, 'latin1').toString('utf8'));
    }
  };
  const open = (path: string): Followed => {
    const file = openSync(path, 'r');
    const { ino, size } = fstatSync(file);
    const at = first ? Math.max(0, size - tail) : 0;
    return { file, inode: ino, at, rest: '', cut: at > 0 };
  };
  const look = () => {
    for (const entry of existsSync(folder) ? readdirSync(folder).toSorted() : []) {
      if (!entry.endsWith('.log')) continue;
      const path = join(folder, entry);
      const name = basename(entry, '.log');
      const known = followed.get(entry);
      if (known) drain(name, known);
      if (known && statSync(path, { throwIfNoEntry: false })?.ino === known.inode) continue;
      if (known) closeSync(known.file);
      followed.delete(entry);
      try {
        const opened = open(path);
        followed.set(entry, opened);
        drain(name, opened);
      } catch {
        // put aside this very moment: the next look finds the new one
      }
    }
    first = false;
  };
  return { look };
}

if (import.meta.main) {
  const width = 'interaction'.length;
  const logs = followLogs(join(repoRoot, '.data', 'logs'), (program, line) =>
    process.stdout.write(`${program.padEnd(width)} | ${line}\n`),
  );
  process.stdout.on('error', () => process.exit(0)); // `npm run logs | head`
  logs.look();
  setInterval(logs.look, beat);
}
