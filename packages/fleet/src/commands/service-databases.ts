import { join } from 'node:path';
import { givenDatabase, makeDatabase, migrateDatabase } from '../launcher/databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { AlreadyRunning, holdFolder } from '../launcher/installation-lock.ts';
import { findPostgres, startPostgres } from '@clientela/embedded-postgres';
import { type Service, repoRoot } from '../launcher/services.ts';
import type { Settings } from '../launcher/settings.ts';

/** Where the installation of this checkout lies. */
export const folder = join(repoRoot, '.data');

/** Where databases are made: the settings' server, else the embedded one, started for the moment when no fleet runs. */
async function server(settings: Settings): Promise<{ admin_url: string } & AsyncDisposable> {
  const given = settings.postgres_admin_url;
  if (given) return { admin_url: given, [Symbol.asyncDispose]: async () => {} };
  try {
    const lock = await holdFolder(folder);
    const postgres = await startPostgres({ folder, fsync: true });
    return {
      admin_url: postgres.admin_url,
      [Symbol.asyncDispose]: async () => {
        await postgres.stop();
        await lock.release();
      },
    };
  } catch (error) {
    const running = error instanceof AlreadyRunning ? await findPostgres(folder) : undefined;
    if (!running) throw error;
    return { admin_url: running, [Symbol.asyncDispose]: async () => {} };
  }
}

/** Does something with auth's database, whether or not the fleet of this checkout runs. */
export const authDatabase = (settings: Settings, run: (url: string) => Promise<void>): Promise<void> =>
  withDatabases(settings, ['auth'], ([url = '']) => run(url));

/** Does something with the databases of some services, brought up to date, whether or not the fleet of this checkout runs. */
export async function withDatabases(
  settings: Settings,
  which: readonly Service[],
  run: (urls: string[]) => Promise<void>,
): Promise<void> {
  const missing = which.filter((service) => !settings.databases[service]);
  await using found = missing.length > 0 ? await server(settings) : undefined;
  const urls = await Promise.all(
    which.map(async (service) => {
      const given = settings.databases[service];
      if (given) return givenDatabase(given).url;
      const passwords = openSecrets(folder, settings).role_passwords[service];
      const own_server = !settings.postgres_admin_url;
      const database = await makeDatabase(found?.admin_url ?? '', service, passwords, { own_server });
      await migrateDatabase(database, service);
      return database.url;
    }),
  );
  await run(urls);
}
