import { createHash } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';

/** One file of a backup. `path` is relative to the backup, with slashes. */
export type StoredFile = { path: string; bytes: number; sha256: string };

const chunkBytes = 1 << 18;
const concurrency = 16; // a disk flushes many files in the time of one

/** Whether nothing has the path, also because a part of it is a file. */
export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/**
 * Copies a file as long as it is now, and flushes it to the disk. The copy is readable for its owner only.
 * @returns undefined when the source does not exist, as a table that was dropped meanwhile
 */
export async function copyFile(source: string, target: string): Promise<Omit<StoredFile, 'path'> | undefined> {
  let from: FileHandle;
  try {
    from = await open(source, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  await using reading = from;
  await using to = await open(target, 'wx', 0o600);
  const { size } = await reading.stat();
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let bytes = 0;
  while (bytes < size) {
    const { bytesRead } = await reading.read(buffer, 0, Math.min(chunkBytes, size - bytes), bytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await to.writeFile(chunk);
    bytes += bytesRead;
  }
  await to.sync();
  return { bytes, sha256: hash.digest('hex') };
}

/** Writes a file of a backup. */
export async function storeText(root: string, path: string, text: string | Buffer): Promise<StoredFile> {
  await using file = await open(join(root, path), 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { path, bytes: Buffer.byteLength(text), sha256 };
}

/** Replaces a file at once: a reader finds the old or the new one, also after a power failure. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const unfinished = `${path}.${process.pid}.unfinished`;
  await writeFile(unfinished, text, { mode, flush: true });
  await chmod(unfinished, mode);
  await rename(unfinished, path);
  await flushFolder(dirname(path));
}

/** Flushes the names in a folder to the disk, where the system can. */
export async function flushFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

export type Tree = { folders: string[]; files: string[] };

/**
 * Lists a folder with everything below it, as paths with slashes. A folder that does not exist is empty.
 * @param skip leaves out a path; of a folder also what is in it
 * @throws Error for a link, whose target the copy would not contain
 */
export async function listTree(root: string, skip: (path: string) => boolean = () => false): Promise<Tree> {
  const tree: Tree = { folders: [], files: [] };
  const visit = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (skip(path)) continue;
      if (entry.isSymbolicLink()) throw new Error(`${join(root, path)} is a link, which a backup cannot hold.`);
      if (entry.isFile()) tree.files.push(path);
      if (!entry.isDirectory()) continue;
      tree.folders.push(path);
      await visit(path);
    }
  };
  await visit('');
  return tree;
}

/**
 * Runs an async function for each item, a few at a time. After a failure no other begins.
 * @throws the first failure, once none runs any more
 */
export async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = iterator.next(); !next.done && failures.length === 0; next = iterator.next())
      await work(next.value).catch((failure: unknown) => void failures.push(failure));
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failures.length > 0) throw failures[0];
}

/** Creates folders for their owner only, and flushes their names. */
export async function makeFolders(root: string, folders: readonly string[]): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true, mode: 0o700 });
}

/** Flushes the names in a folder and in all below it. */
export async function flushTree(root: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders.toReversed()) await flushFolder(join(root, folder));
  await flushFolder(root);
}

/** Whether a path with slashes stays below the folder that it is joined to. */
export const isInside = (path: string): boolean =>
  path !== '' && normalize(path).split(sep).join('/') === path && !/^(?:\/|\.\.(?:\/|$))/.test(path);

export const sumsFile = 'SHA256SUMS';

/** Formats the files as `sha256sum --check` reads them. */
export const formatSums = (files: readonly StoredFile[]): string =>
  files.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('');

/**
 * Reads the checksums of a backup.
 * @throws Error when the list itself is damaged, or has a path that leaves the backup
 */
export async function readSums(backup: string, expectedHash: string): Promise<Map<string, string>> {
  const text = await readFile(join(backup, sumsFile), 'utf8').catch((error: unknown) => {
    if (isMissing(error)) throw new Error(`The backup is damaged: ${sumsFile} is missing.`);
    throw error;
  });
  if (createHash('sha256').update(text).digest('hex') !== expectedHash)
    throw new Error(`The backup is damaged: ${sumsFile} is not the list that was written.`);
  const sums = new Map<string, string>();
  for (const line of text.split('\n').filter(Boolean)) {
    const [, sha256 = '', path = ''] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (!isInside(path)) throw new Error(`The backup is damaged: ${sumsFile} has an invalid line.`);
    sums.set(path, sha256);
  }
  return sums;
}

/**
 * Copies a file out of a backup.
 * @throws Error naming the file when it is missing or is not what was written
 */
export async function copyVerified(backup: string, path: string, sha256: string, target: string): Promise<number> {
  const copied = await copyFile(join(backup, path), target);
  if (!copied) throw new Error(`The backup is damaged: ${path} is missing.`);
  if (copied.sha256 !== sha256) throw new Error(`The backup is damaged: ${path} is not what was written.`);
  return copied.bytes;
}
