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

/** 256 random bits in base64url, safe in URLs and shells. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/**
 * Reads a one-line secret, or creates it atomically: among concurrent processes the first one wins, and a killed one leaves no partial file.
 * @param folder created with access for its owner only (0700)
 */
export function keepSecret(folder: string, name: string, create: () => string = newSecret): string {
  const path = join(folder, name);
  const existing = read(path);
  if (existing !== undefined) return existing;

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, `${create()}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(unfinished, path); // unlike a rename, a link never replaces a file that another process created meanwhile
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    rmSync(unfinished);
  }
  const secret = read(path);
  if (secret === undefined) throw new Error(`The secret in ${path} is empty.`);
  return secret;
}

/** Replaces a secret. An equal one is left unchanged. */
export function writeSecret(folder: string, name: string, value: string): void {
  const path = join(folder, name);
  if (read(path) === value) return;
  rmSync(path, { force: true });
  keepSecret(folder, name, () => value);
}

/** Reads a secret that may be missing. */
export const readSecret = (folder: string, name: string): string | undefined => read(join(folder, name));

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
