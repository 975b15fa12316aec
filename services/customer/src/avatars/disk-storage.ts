import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAvatarName, type AvatarStorage } from './storage.ts';

/**
 * Stores avatars as files that only their owner can read. Writes are atomic: a temporary file is renamed.
 * @param folder absolute path; while it is missing, such as an unmounted volume, the storage is unavailable
 */
export function createDiskStorage(folder: string): AvatarStorage {
  /** Returns the paths of a file, in one of 256 subfolders. @throws Error for anything but a name, such as a path */
  const locate = (name: string) => {
    if (!isAvatarName(name)) throw new Error('Invalid avatar name');
    const shardDirectory = join(folder, name.slice(0, 2));
    return { shardDirectory, file: join(shardDirectory, name), temporary: join(shardDirectory, `.${name}.part`) };
  };

  return {
    put: async (name, bytes) => {
      const { shardDirectory, file, temporary } = locate(name);
      const isNew = await mkdir(shardDirectory, { mode: 0o700 }).then(() => true, ignoreCode('EEXIST'));
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
      await syncFolder(shardDirectory); // makes the rename durable
      if (isNew) await syncFolder(folder);
    },

    get: async (name) => {
      const handle = await open(locate(name).file, 'r').catch(ignoreCode('ENOENT'));
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
      const { shardDirectory, file, temporary } = locate(name);
      await access(folder);
      await rm(temporary, { force: true });
      await rm(file, { force: true });
      await syncFolder(shardDirectory).catch(ignoreCode('ENOENT'));
    },
  };
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open folders
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Creates an error handler that returns undefined for one error code and rethrows others. */
const ignoreCode =
  (code: string) =>
  (error: unknown): undefined => {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined;
    throw error;
  };
