import { mkdir, readdir, realpath, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { type Settings, withDataFolders } from '../launcher/settings.ts';
import { parts } from './catalogue.ts';
import { isMissing } from './files.ts';

/** Where a restore copies a folder of uploads to, and the place outside of the installation that it gets at the end. */
export type Place = { part: string; copy: string; outside?: string };

/**
 * Finds the places of uploads. One that the settings place elsewhere is copied beside that place, so that one rename puts it there.
 * @param unfinished the installation while it is restored
 * @throws Error when a folder outside cannot be replaced
 */
export async function placesOfUploads({ overrides }: Settings, folder: string, unfinished: string): Promise<Place[]> {
  const { AVATARS_FOLDER, IMPORTS_FOLDER } = withDataFolders(overrides, folder);
  const roots = [folder, await realpath(folder)];
  const places: Place[] = [];
  for (const [part, path] of [
    [parts.avatars, AVATARS_FOLDER ?? join(folder, parts.avatars)],
    [parts.imports, IMPORTS_FOLDER ?? join(folder, parts.imports)],
  ] as const) {
    const below = roots.map((root) => relative(root, path)).find(isBelow);
    const outside = below === undefined ? await replaceable(path) : undefined;
    places.push(
      outside === undefined
        ? { part, copy: join(unfinished, below ?? part) }
        : { part, copy: `${outside}.unfinished`, outside },
    );
  }
  return places;
}

const isBelow = (path: string) => !isAbsolute(path) && path.split(sep)[0] !== '..';

/** Returns the folder that a link names. @throws Error when a rename cannot replace the folder */
async function replaceable(path: string): Promise<string> {
  const real = await realpath(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (real === undefined) return resolve(path); // without a slash at its end
  if ((await readdir(real)).length > 0) throw new Error(`${path} is not empty: move its files away first.`);
  if ((await stat(real)).dev !== (await stat(dirname(real))).dev)
    throw new Error(`${path} is a mount point, which cannot be replaced at once: choose a folder in it.`);
  return real;
}

type Move = { from: string; to: string };

/**
 * Renames folders one after the other. What is at their new places must be empty or missing.
 * @throws Error when one cannot be renamed; all are where they were then
 */
export async function moveAll(moves: readonly Move[]): Promise<void> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const { from, to } of moves) {
      if (await removeEmpty(to)) undo.unshift(() => mkdir(to, { mode: 0o700 }));
      await rename(from, to);
      undo.unshift(() => rename(to, from));
    }
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}

/** Removes an empty folder, which not every system replaces. @returns whether it existed */
const removeEmpty = (folder: string): Promise<boolean> =>
  rmdir(folder).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
