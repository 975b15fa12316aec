import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readCommandLine } from '@clientela/runtime';
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

const timePattern = /^\[(\d{4}-\d\d-\d\d) ([\d:.]+)\] |^(?:\{.*?"time":"([^"]+)"|(\d{4}-\d\d-\d\dT\S+Z) )/;

/** Reads when a line was written; undefined for one that continues another, such as of a stack. */
function timeOf(line: string): number | undefined {
  const [, date, time, ofJson, ofLauncher] = timePattern.exec(line) ?? [];
  const parsed = Date.parse(ofJson ?? ofLauncher ?? `${date}T${time}`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/**
 * Passes lines of several logs on in the order of their times, each line once it is old enough that an earlier one of another process is
 * there too. A line without a time stays behind the one before it.
 * @param settle milliseconds
 */
export function orderByTime(onLine: (name: string, line: string) => void, settle: number) {
  const latest = new Map<string, number>();
  let waiting: { name: string; line: string; time: number }[] = [];
  return {
    add: (name: string, line: string) => {
      const time = timeOf(line) ?? latest.get(name) ?? 0;
      latest.set(name, time);
      waiting.push({ name, line, time });
    },
    flush: (now = Date.now()) => {
      const isSettled = ({ time }: { time: number }) => time <= now - settle;
      const settled = waiting.filter(isSettled).toSorted((a, b) => a.time - b.time);
      waiting = waiting.filter((line) => !isSettled(line));
      for (const { name, line } of settled) onLine(name, line);
    },
  };
}

/**
 * Formats a line for a person: without today's date, and cut at the width of the terminal unless it reports a problem.
 * @param columns of the terminal; undefined for a file or a pipe, which get all of it
 */
export function formatLine(name: string, line: string, columns?: number, today = localDate()): string {
  const text = `${name.padEnd('interaction'.length)} | ${line.replace(`[${today} `, '[')}`;
  const isCut = columns !== undefined && text.length > columns && /\] (?:INFO|DEBUG): /.test(text);
  return isCut ? `${text.slice(0, columns - 1)}…` : text;
}

const localDate = () => new Date().toLocaleDateString('sv'); // as 2026-01-31

if (import.meta.main) {
  readCommandLine(`Usage: npm run logs
Follows the logs of all processes, those of a stopped installation too. On a terminal, lines end at its right edge.`);
  const ordered = orderByTime(
    (name, line) => process.stdout.write(`${formatLine(name, line, process.stdout.columns)}\n`),
    750, // the gateway collects lines for half a second
  );
  const { poll } = followLogs(join(installationFolder, 'logs'), ordered.add);
  process.stdout.on('error', () => process.exit(0)); // such as `npm run logs | head`
  const step = () => {
    poll();
    ordered.flush();
  };
  step();
  setInterval(step, pollInterval);
}
