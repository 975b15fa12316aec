import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** 256 random bits as text without characters that a URL or a shell would read. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Reads a secret of one line, or makes it. Whoever makes it first wins, also between processes, and a killed run leaves no half of it.
 * @param folder made when it is missing, open to its owner alone (0700)
 */
export function keepSecret(folder: string, name: string, make: () => string = newSecret): string {
  const path = join(folder, name);
  const kept = read(path);
  if (kept !== undefined) return kept;

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, `${make()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(unfinished, path); // unlike a rename, a link never replaces what another process made meanwhile
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(unfinished);
  }
  const made = read(path);
  if (made === undefined) throw new Error(`The secret in ${path} is empty.`);
  return made;
}

/** Puts a value in a secret's place, at once and whole; an equal one is left alone. */
export function writeSecret(folder: string, name: string, value: string): void {
  const path = join(folder, name);
  if (read(path) === value) return;
  rmSync(path, { force: true });
  keepSecret(folder, name, () => value);
}

/** A secret that may not be there. */
export const readSecret = (folder: string, name: string): string | undefined => read(join(folder, name));

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
