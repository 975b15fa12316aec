import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { locatePostgres } from '@clientela/embedded-postgres';
import { appliedMigrations, databaseUrl } from '../launcher/databases.ts';
import { acquireInstallationLock, AlreadyRunningError } from '../launcher/installation-lock.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { mapKeys, repoRoot, services } from '../launcher/services.ts';
import { type Settings, withDataFolders } from '../launcher/settings.ts';
import { openServer } from '../commands/service-databases.ts';
import { type Catalogue, catalogueFile, erasuresFile, parts, platform, settingsFile } from './catalogue.ts';
import { copyCluster } from './cluster.ts';
import {
  copyFile,
  flushFolder,
  flushTree,
  forEach,
  formatSums,
  listTree,
  makeFolders,
  replaceFile,
  storeText,
  type StoredFile,
  sumsFile,
} from './files.ts';
import { recordBackup } from './last-backup.ts';
import { exportErasures } from './service-scripts.ts';

export type BackupOptions = {
  /** The installation's folder. */
  folder: string;
  settings: Settings;
  /** The folder that receives the backup, as a folder of its own. */
  target: string;
  /** The installation's `.env`. */
  envFile?: string;
  /** A file for node exporter's textfile collector. */
  textfile?: string;
  /** Writes only the list of erasures. */
  erasuresOnly?: boolean;
};

const unfinishedSuffix = '.unfinished';

/**
 * Backs up the installation of a folder while it runs, or stopped: all five databases at one instant, secrets and uploads. A backup has its
 * name only once it is complete and on the disk.
 * @returns its path; undefined when only the list of erasures was written
 * @throws Error in one sentence; what was begun is removed by the next backup
 */
export async function backUp(options: BackupOptions): Promise<{ path: string; catalogue: Catalogue } | undefined> {
  const { folder, settings, target } = options;
  assertEmbedded(settings);
  if (!existsSync(join(folder, 'secrets'))) throw new Error(`There is no installation in ${folder}.`);
  await makeTarget(target);
  if (options.textfile !== undefined) await assertFolder(dirname(options.textfile));
  if (options.erasuresOnly) {
    // Needs no lock: the list is replaced at once, also while a backup is written beside it.
    await using server = await openServer(settings, folder);
    await replaceErasures(options, server.adminUrl);
    return undefined;
  }
  const lock = await acquireInstallationLock(target).catch((error: unknown) => {
    throw error instanceof AlreadyRunningError ? new Error(`Another backup is written to ${target}.`) : error;
  });
  try {
    await using server = await openServer(settings, folder);
    for (const name of await readdir(target))
      if (/^clientela-.*\.unfinished$/.test(name)) await rm(join(target, name), { recursive: true });
    const started = new Date();
    const path = join(target, `clientela-${started.toISOString().replaceAll(/[-:]|\.\d+/g, '')}`);
    const root = `${path}${unfinishedSuffix}`;
    await mkdir(root, { mode: 0o700 });
    const catalogue = await write(options, server.adminUrl, root, started);
    await replaceErasures(options, server.adminUrl);
    await rename(root, path);
    await flushFolder(target);
    await recordBackup(folder, new Date(), options.textfile);
    return { path, catalogue };
  } finally {
    await lock.release();
  }
}

async function makeTarget(target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw new Error(`The folder ${target} cannot be made: ${reasonOf(error)}`, { cause: error });
  });
}

async function assertFolder(folder: string): Promise<void> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new Error(`There is no folder ${folder}.`);
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'a file has this name.',
  ENOTDIR: 'a part of the path is a file.',
  EACCES: 'this user may not write there.',
  EPERM: 'this user may not write there.',
  EROFS: 'the disk is read-only.',
  ENOSPC: 'the disk is full.',
};
const reasonOf = (error: unknown): string =>
  (error instanceof Error && 'code' in error && reasons[String(error.code)]) || 'the system refuses it.';

/** Whether all databases are in the embedded cluster, which a backup copies. */
export const isEmbedded = ({ postgresAdminUrl, databases }: Settings): boolean =>
  postgresAdminUrl === undefined && Object.keys(databases).length === 0;

/** @throws Error when databases are on a server of the operator, whose own tools back it up */
export function assertEmbedded(settings: Settings): void {
  if (!isEmbedded(settings))
    throw new Error(
      'The databases are on a server of your own: back it up with its own tools (docs/operations.md, "External PostgreSQL").',
    );
}

async function write(options: BackupOptions, adminUrl: string, root: string, started: Date): Promise<Catalogue> {
  const { folder, settings } = options;
  const migrations = await readMigrations(adminUrl);
  const data = join((await locatePostgres(folder)).dataHome, 'data');
  const cluster = await copyCluster(adminUrl, data, root, parts.cluster);
  const erasures = await listErasures(options, adminUrl);
  const files = [
    ...cluster.files,
    await storeText(root, erasuresFile, erasures),
    ...(await copyFolder(join(folder, 'secrets'), root, parts.secrets)),
  ];
  const { envFile } = options;
  if (envFile !== undefined && existsSync(envFile))
    files.push(await storeText(root, settingsFile, await readFile(envFile)));
  // Copied after the databases: an avatar without a customer is never served.
  const { AVATARS_FOLDER: avatars, IMPORTS_FOLDER: imports } = withDataFolders(settings.overrides, folder);
  if (avatars !== undefined) files.push(...(await copyFolder(avatars, root, parts.avatars)));
  if (imports !== undefined) files.push(...(await copyFolder(imports, root, parts.imports)));

  const sums = formatSums(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
  await storeText(root, sumsFile, sums);
  const catalogue: Catalogue = {
    format: 1,
    clientela: (JSON.parse(await readFile(join(repoRoot, 'package.json'), 'utf8')) as { version: string }).version,
    started_at: started.toISOString(),
    consistent_at: cluster.consistentAt,
    platform,
    postgres: {
      version: cluster.version,
      start_lsn: cluster.startLsn,
      stop_lsn: cluster.stopLsn,
      wal_segments: cluster.segments,
      folders: cluster.folders,
    },
    migrations,
    secrets: mapKeys(services, (service) => sha256(openSecrets(folder, settings).ownSecrets[service])),
    broker: Object.keys(settings.overrides).some((name) => name.endsWith('RABBITMQ_URL')),
    avatars: avatars === undefined ? 'in a bucket' : 'included',
    files: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sums: sha256(sums),
  };
  await storeText(root, catalogueFile, `${JSON.stringify(catalogue, undefined, 2)}\n`);
  await flushFolder(root);
  return catalogue;
}

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

/** Copies a folder into a part of the backup. Its files may come and go meanwhile. */
async function copyFolder(source: string, root: string, part: string): Promise<StoredFile[]> {
  const tree = await listTree(source);
  const target = join(root, part);
  await makeFolders(target, tree.folders);
  const files: StoredFile[] = [];
  await forEach(tree.files, async (path) => {
    const copied = await copyFile(join(source, path), join(target, path));
    if (copied) files.push({ path: `${part}/${path}`, ...copied });
  });
  await flushTree(target, tree.folders);
  return files;
}

/** Reads the names of the migrations of every database. */
export async function readMigrations(adminUrl: string): Promise<Catalogue['migrations']> {
  const names = await Promise.all(services.map((service) => appliedMigrations(databaseUrl(adminUrl, service))));
  return mapKeys(services, (service) => {
    const found = names[services.indexOf(service)];
    if (!found) throw new Error(`The database of ${service} is empty: start this version once.`);
    return found;
  });
}

const listErasures = ({ folder, settings }: BackupOptions, adminUrl: string): Promise<string> =>
  exportErasures(databaseUrl(adminUrl, 'customer', openSecrets(folder, settings).rolePasswords.customer.app));

/** Replaces the list beside the backups by one that is read now: more people may have been erased while a backup was written. */
const replaceErasures = async (options: BackupOptions, adminUrl: string): Promise<void> =>
  replaceFile(join(options.target, erasuresFile), await listErasures(options, adminUrl), 0o600);
