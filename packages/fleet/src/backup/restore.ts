import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { embeddedVersion, locatePostgres, type RunAs } from '@clientela/embedded-postgres';
import { knownMigrations } from '../launcher/databases.ts';
import { acquireInstallationLock } from '../launcher/installation-lock.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { services } from '../launcher/services.ts';
import type { Settings } from '../launcher/settings.ts';
import { assertEmbedded } from './backup.ts';
import {
  adminPassword,
  type Catalogue,
  erasuresFile,
  majorOf,
  parts,
  platform,
  readCatalogue,
  settingsFile,
} from './catalogue.ts';
import { copyVerified, flushFolder, flushTree, forEach, makeFolders, readSums } from './files.ts';
import { moveAll, type Place, placesOfUploads } from './places.ts';
import { listOldErasures, recover, type Recovered } from './recover.ts';

export type RestoreOptions = {
  backup: string;
  /** The installation's folder. */
  folder: string;
  settings: Settings;
  /** Puts the installation that is there aside. */
  replace?: boolean;
  /** Lists of erasures, besides that beside the backup. */
  erasures?: readonly string[];
  /** `false` only for data that may be lost, such as a test's. */
  fsync?: boolean;
  onProgress?: (line: string) => void;
};

export type Restored = Recovered & {
  catalogue: Catalogue;
  /** When the newest list of erasures was written; undefined when there was none. */
  listedAt?: Date;
  /** Where the earlier installation is now. */
  aside?: string;
};

/**
 * Restores a backup as the installation of a folder, which it becomes only when it is complete: verified, recovered, migrated, with the
 * erasures since the backup requested again and all sessions ended. Nothing runs afterwards.
 * @throws Error in one sentence; the folder, and those of uploads outside, are unchanged then
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { backup, folder, settings, replace = false, onProgress = () => {} } = options;
  assertEmbedded(settings);
  const catalogue = await readCatalogue(backup);
  const sums = await readSums(backup, catalogue.sums);
  await assertFits(catalogue, sums, settings);
  const lock = await acquireInstallationLock(folder);
  const unfinished = `${folder}.unfinished`;
  const lists: string[] = [];
  let places: Place[] = [];
  try {
    if (existsSync(join(folder, 'secrets')) && !replace)
      throw new Error(`${folder} holds an installation: --replace puts it aside.`);
    places = await placesOfUploads(settings, folder, unfinished);
    await removeUnfinished(unfinished, places);
    await mkdir(unfinished, { mode: 0o700 });
    if (existsSync(join(folder, 'secrets'))) lists.push(...(await listOldErasures(options, unfinished)));
    lists.push(...(await findLists(options)));

    await copySecrets(backup, sums, unfinished);
    assertSecrets(catalogue, openSecrets(unfinished, settings).ownSecrets);
    const location = await locatePostgres(unfinished);
    const data = join(location.dataHome, 'data');
    await copyPart(backup, sums, parts.cluster, data, catalogue.postgres.folders);
    await handOver(data, location.runAs);
    for (const { part, copy } of places) await copyPart(backup, sums, part, copy, []);
    onProgress(`${catalogue.files} files are verified and copied`);

    const times = await Promise.all(lists.map(async (list) => (await stat(list)).mtimeMs));
    const listedAt = times.length > 0 ? new Date(Math.max(...times)) : undefined;
    const done = await recover(options, catalogue, unfinished, lists);
    await rm(join(unfinished, 'lists'), { recursive: true, force: true });
    const aside = await putInPlace(folder, unfinished, places);
    return { catalogue, ...done, ...(listedAt && { listedAt }), ...(aside !== undefined && { aside }) };
  } catch (error) {
    await removeUnfinished(unfinished, places);
    throw error;
  } finally {
    await lock.release();
  }
}

/** Says what is left to do after a restore. @param envFile the installation's `.env` */
export function nextStep(backup: string, envFile: string): string {
  const settings = join(backup, settingsFile);
  if (!existsSync(settings)) return 'Start it: npm start';
  return existsSync(envFile)
    ? `Compare ${settings} with ${envFile}, then: npm start`
    : `Copy ${settings} to ${envFile}, change what differs on this machine, then: npm start`;
}

/** @throws Error when the backup does not fit this machine or this version */
async function assertFits(catalogue: Catalogue, sums: ReadonlyMap<string, string>, settings: Settings): Promise<void> {
  if (catalogue.platform !== platform)
    throw new Error(`The backup was made on ${catalogue.platform}; this is ${platform}, whose data files differ.`);
  const version = await embeddedVersion();
  if (majorOf(catalogue.postgres.version) !== majorOf(version))
    throw new Error(`The backup is of PostgreSQL ${catalogue.postgres.version}, but this is PostgreSQL ${version}.`);
  for (const path of ['backup_label', 'global/pg_control', 'PG_VERSION'])
    if (!sums.has(`${parts.cluster}/${path}`)) throw new Error(`The backup is incomplete: it has no ${path}.`);
  const segments = [...sums.keys()].filter((path) => /^postgres\/pg_wal\/[0-9A-F]{24}$/.test(path)).length;
  if (segments !== catalogue.postgres.wal_segments)
    throw new Error('The backup is incomplete: a part of the write-ahead log is missing.');
  for (const service of services) {
    const known = new Set(knownMigrations(service));
    const unknown = catalogue.migrations[service].find((name) => !known.has(name));
    if (unknown !== undefined)
      throw new Error(
        `The backup is of a newer version, ${catalogue.clientela}: this one does not know ${service}'s migration ${unknown}.`,
      );
  }
  if (catalogue.avatars === 'in a bucket' && !settings.overrides['AVATARS_S3_BUCKET'])
    throw new Error('The avatars of the backup are in a bucket: set AVATARS_S3_BUCKET first.');
}

/** @throws Error naming the settings whose secret differs from that of the backup */
function assertSecrets(catalogue: Catalogue, ownSecrets: Record<string, string>): void {
  const differing = services.filter(
    (service) =>
      createHash('sha256')
        .update(ownSecrets[service] ?? '')
        .digest('hex') !== catalogue.secrets[service],
  );
  if (differing.length > 0)
    throw new Error(
      `Not the secrets of the backup: ${differing.map((name) => `${name.toUpperCase()}_SECRET`).join(', ')}. Take them from its settings.env.`,
    );
}

/** Removes what an interrupted restore left, also where root's data is. */
async function removeUnfinished(unfinished: string, places: readonly Place[]): Promise<void> {
  if (existsSync(join(unfinished, 'secrets', adminPassword))) {
    const { dataHome } = await locatePostgres(unfinished);
    await rm(dataHome, { recursive: true, force: true });
  }
  for (const folder of [unfinished, ...places.map(({ copy }) => copy)])
    await rm(folder, { recursive: true, force: true });
}

/** Finds the lists of erasures: those that were named, and the newest beside the backup. */
async function findLists({ backup, erasures = [] }: RestoreOptions): Promise<string[]> {
  for (const list of erasures) if (!existsSync(list)) throw new Error(`There is no list of erasures ${list}.`);
  const beside = join(dirname(backup), erasuresFile);
  return [...erasures, ...(existsSync(beside) ? [beside] : [])];
}

/** Copies the secrets, but the password of the server's superuser: a new one, so that root's data gets a folder of its own. */
async function copySecrets(backup: string, sums: ReadonlyMap<string, string>, unfinished: string): Promise<void> {
  const others = new Map([...sums].filter(([path]) => path !== `${parts.secrets}/${adminPassword}`));
  await copyPart(backup, others, parts.secrets, join(unfinished, 'secrets'), []);
}

/** Copies a part of the backup into a folder, verifying each file. */
async function copyPart(
  backup: string,
  sums: ReadonlyMap<string, string>,
  part: string,
  target: string,
  folders: readonly string[],
): Promise<void> {
  const files = [...sums].filter(([path]) => path.startsWith(`${part}/`));
  const inside = (path: string) => path.slice(part.length + 1);
  const parents = files.map(([path]) => dirname(inside(path))).filter((path) => path !== '.');
  const all = [...new Set([...folders, ...parents])].toSorted();
  await makeFolders(target, all);
  await forEach(files, async ([path, sha256]) => {
    await copyVerified(backup, path, sha256, join(target, inside(path)));
  });
  await flushTree(target, all);
}

/** Gives the data to the user that the server runs as. */
export async function handOver(data: string, { uid, gid }: RunAs): Promise<void> {
  if (uid === undefined || gid === undefined) return;
  await chown(data, uid, gid);
  for (const path of await readdir(data, { recursive: true })) await chown(join(data, path), uid, gid);
}

/** Gives the restored installation and its uploads their places. @returns where what was there is now */
export async function putInPlace(
  folder: string,
  unfinished: string,
  places: readonly Place[],
): Promise<string | undefined> {
  await rm(join(folder, 'compile-cache'), { recursive: true, force: true }); // no part of an installation
  const isEmpty = (await readdir(folder)).length === 0;
  const aside = isEmpty ? undefined : `${folder}.before-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  const uploads = places.flatMap(({ copy, outside }) => (outside === undefined ? [] : [{ from: copy, to: outside }]));
  await moveAll([
    ...uploads,
    ...(aside === undefined ? [] : [{ from: folder, to: aside }]),
    { from: unfinished, to: folder },
  ]);
  for (const { to } of [...uploads, { to: folder }]) await flushFolder(dirname(to));
  return aside;
}
