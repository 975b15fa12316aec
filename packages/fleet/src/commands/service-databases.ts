import { findPostgres, startPostgres } from '@clientela/embedded-postgres';
import { createDatabase, externalDatabase, migrateDatabase } from '../launcher/databases.ts';
import { acquireInstallationLock, AlreadyRunningError } from '../launcher/installation-lock.ts';
import { openSecrets } from '../launcher/secrets.ts';
import type { Service } from '../launcher/services.ts';
import type { Settings } from '../launcher/settings.ts';
import { installationFolder } from './admin-command.ts';

/** Opens the server that holds the databases: the external one, else the embedded one, started when no fleet runs. */
export async function openServer(
  { postgresAdminUrl }: Settings,
  folder = installationFolder,
): Promise<{ adminUrl: string } & AsyncDisposable> {
  if (postgresAdminUrl) return { adminUrl: postgresAdminUrl, [Symbol.asyncDispose]: async () => {} };
  try {
    const lock = await acquireInstallationLock(folder);
    const postgres = await startPostgres({ folder, fsync: true });
    return {
      adminUrl: postgres.adminUrl,
      [Symbol.asyncDispose]: async () => {
        await postgres.stop();
        await lock.release();
      },
    };
  } catch (error) {
    const adminUrl = error instanceof AlreadyRunningError ? await findPostgres(folder) : undefined;
    if (!adminUrl) throw error;
    return { adminUrl, [Symbol.asyncDispose]: async () => {} };
  }
}

/** Runs a function with auth's database, whether or not the fleet of this checkout is running. */
export const withAuthDatabase = (settings: Settings, run: (url: string) => Promise<void>): Promise<void> =>
  withDatabases(settings, ['auth'], ([url = '']) => run(url));

/** Runs a function with migrated databases of some services, whether or not the fleet of this checkout is running. */
export async function withDatabases(
  settings: Settings,
  names: readonly Service[],
  run: (urls: string[]) => Promise<void>,
): Promise<void> {
  const hasMissing = names.some((service) => !settings.databases[service]);
  await using server = hasMissing ? await openServer(settings) : undefined;
  const urls = await Promise.all(
    names.map(async (service) => {
      const external = settings.databases[service];
      if (external) return externalDatabase(external).url;
      const passwords = openSecrets(installationFolder, settings).rolePasswords[service];
      const isDedicatedServer = !settings.postgresAdminUrl;
      const database = await createDatabase(server?.adminUrl ?? '', service, passwords, { isDedicatedServer });
      await migrateDatabase(database, service);
      return database.url;
    }),
  );
  await run(urls);
}
