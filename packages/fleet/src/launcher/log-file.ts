import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type LogFile = { path: string; write: (chunk: Buffer) => void; close: () => void };

/**
 * A log of bounded size: past `limit` bytes it becomes `<path>.1`, replacing the older one, and begins anew, always at the end of a line.
 * A full disk costs lines, never the process.
 */
export function openLogFile(path: string, limit = 10_000_000): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file: number | undefined;
  let size = 0;
  const open = () => {
    file = openSync(path, 'a', 0o600);
    size = fstatSync(file).size;
  };
  const append = (bytes: Buffer) => {
    if (file === undefined) open();
    for (let at = 0; file !== undefined && at < bytes.length;) at += writeSync(file, bytes, at);
    size += bytes.length;
  };
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const write = (chunk: Buffer) => {
    if (file === undefined) open();
    const room = limit - size;
    const cut = chunk.length > room ? endOfLine(chunk, room) : chunk.length;
    append(chunk.subarray(0, cut));
    if (cut === chunk.length && size < limit) return;
    if (cut === chunk.length && chunk.at(-1) !== newline) return; // the line goes on in the next chunk
    close();
    renameSync(path, `${path}.1`);
    if (cut < chunk.length) write(chunk.subarray(cut));
  };
  return {
    path,
    write: (chunk) => {
      try {
        write(chunk);
      } catch {
        close(); // tried again with the next line
      }
    },
    close,
  };
}

const newline = 10;

/** Where to cut so that about `room` bytes and whole lines come first: the end of the line that crosses the limit, else all. */
function endOfLine(chunk: Buffer, room: number): number {
  const end = chunk.indexOf(newline, Math.max(0, room - 1));
  return end === -1 ? chunk.length : end + 1;
}
