import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';
const neededBytes = 4 * 1024 ** 3; // more than the databases of a run; a container has 64 MB by default

/** Creates a folder for a test's data, in memory when enough is free: ext4 searches long for a free inode after many deletions. */
export const dataFolder = (prefix: string): string => mkdtempSync(join(hasMemory() ? memory : tmpdir(), prefix));

function hasMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= neededBytes;
  } catch {
    return false; // not on Linux
  }
}
