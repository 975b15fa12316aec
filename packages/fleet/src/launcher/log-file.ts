import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type LogFile = { path: string; write: (chunk: Buffer) => void; close: () => void };

/**
 * Opens a log of bounded size. Past `limit` bytes it is rotated to `<path>.1` at the end of a line, replacing the older part.
 * A full disk loses lines and never ends the process.
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
    for (let offset = 0; file !== undefined && offset < bytes.length;) offset += writeSync(file, bytes, offset);
    size += bytes.length;
  };
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const write = (chunk: Buffer) => {
    if (file === undefined) open();
    const remaining = limit - size;
    const cut = chunk.length > remaining ? endOfLine(chunk, remaining) : chunk.length;
    append(chunk.subarray(0, cut));
    if (cut === chunk.length && size < limit) return;
    if (cut === chunk.length && chunk.at(-1) !== newline) return; // the line continues in the next chunk
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
        close(); // reopened with the next line
      }
    },
    close,
  };
}

const newline = 10;

/** Finds where to cut a chunk: after the line that crosses the limit, else at its end. */
function endOfLine(chunk: Buffer, remaining: number): number {
  const end = chunk.indexOf(newline, Math.max(0, remaining - 1));
  return end === -1 ? chunk.length : end + 1;
}
