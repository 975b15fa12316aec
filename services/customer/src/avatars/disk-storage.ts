import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAvatarName, type AvatarStorage } from './storage.ts';

/**
 * Keeps pictures as files of one folder, readable by their owner alone. A file is whole or not there: it is written beside its place,
 * and moved.
 * @param folder an absolute path; while it is missing, as a volume that is not mounted, the storage is away
 */
export function createDiskStorage(folder: string): AvatarStorage {
  /** On one of 256 shelves, so that none grows too long to look at. @throws for anything but a name: a path would lead elsewhere */
  const place = (name: string) => {
    if (!isAvatarName(name)) throw new Error('that is no name of a picture');
    const shelf = join(folder, name.slice(0, 2));
    return { shelf, file: join(shelf, name), unfinished: join(shelf, `.${name}.part`) };
  };

  return {
    put: async (name, bytes) => {
      const { shelf, file, unfinished } = place(name);
      const made = await mkdir(shelf, { mode: 0o700 }).then(() => true, ignoreCode('EEXIST'));
      const handle = await open(unfinished, 'w', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(unfinished, file);
      await syncFolder(shelf); // what moved stays moved once its folder is on the disk
      if (made) await syncFolder(folder);
    },

    get: async (name) => {
      const handle = await open(place(name).file, 'r').catch(ignoreCode('ENOENT'));
      if (!handle) {
        await access(folder);
        return undefined;
      }
      try {
        const { size } = await handle.stat();
        return { stream: handle.createReadStream(), size };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    remove: async (name) => {
      const { shelf, file, unfinished } = place(name);
      await access(folder);
      await rm(unfinished, { force: true });
      await rm(file, { force: true });
      await syncFolder(shelf).catch(ignoreCode('ENOENT'));
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // where a folder cannot be opened
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Takes one failure as an answer: that there is nothing, or that there is something already. */
const ignoreCode =
  (code: string) =>
  (error: unknown): undefined => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  };
