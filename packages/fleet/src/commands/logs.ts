import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { installationFolder } from './admin-command.ts';

type OpenLog = {
  file: number;
  inode: number;
  offset: number;
  /** The beginning of a line whose end is not written yet. */
  rest: string;
  /** Whether reading began inside a line; its remainder is skipped. */
  isInsideLine: boolean;
};

const initialBytes = 4_000; // shown of what each log already contains
const pollInterval = 250; // milliseconds

/**
 * Follows every log of a folder. A rotated file is read to its end before the new one.
 * @param onLine called with whole lines
 */
export function followLogs(folder: string, onLine: (name: string, line: string) => void): { poll: () => void } {
  const logs = new Map<string, OpenLog>();
  let isFirstPoll = true;
  const drain = (name: string, log: OpenLog) => {
    const { size } = fstatSync(log.file);
    while (log.offset < size) {
      const bytes = Buffer.alloc(Math.min(65_536, size - log.offset));
      const length = readSync(log.file, bytes, 0, bytes.length, log.offset);
      if (length === 0) break;
      log.offset += length;
      // Split as latin1, byte by byte, so that no character is cut between two reads; decoded line by line below.
      const lines = (log.rest + bytes.toString('latin1', 0, length)).split('\n');
      log.rest = lines.pop() ?? '';
      if (log.isInsideLine && lines.length > 0) log.isInsideLine = lines.shift() === undefined;
      for (const line of lines) onLine(name, Buffer.from(line, 'latin1').toString('utf8'));
    }
  };
  const open = (path: string): OpenLog => {
    const file = openSync(path, 'r');
    const { ino, size } = fstatSync(file);
    const offset = isFirstPoll ? Math.max(0, size - initialBytes) : 0;
    return { file, inode: ino, offset, rest: '', isInsideLine: offset > 0 };
  };
  const poll = () => {
    for (const entry of existsSync(folder) ? readdirSync(folder).toSorted() : []) {
      if (!entry.endsWith('.log')) continue;
      const path = join(folder, entry);
      const name = basename(entry, '.log');
      const log = logs.get(entry);
      if (log) drain(name, log);
      if (log && statSync(path, { throwIfNoEntry: false })?.ino === log.inode) continue;
      if (log) closeSync(log.file);
      logs.delete(entry);
      try {
        const opened = open(path);
        logs.set(entry, opened);
        drain(name, opened);
      } catch {
        // Rotated between two reads: the next poll finds the new file.
      }
    }
    isFirstPoll = false;
  };
  return { poll };
}

if (import.meta.main) {
  const width = 'interaction'.length;
  const { poll } = followLogs(join(installationFolder, 'logs'), (name, line) =>
    process.stdout.write(`${name.padEnd(width)} | ${line}\n`),
  );
  process.stdout.on('error', () => process.exit(0)); // such as `npm run logs | head`
  poll();
  setInterval(poll, pollInterval);
}
