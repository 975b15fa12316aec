import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, provision } from '@clientela/db';
import pg from 'pg';
import { folderOf, repoRoot, type Service } from './services.ts';
import type { DatabaseUrls } from './settings.ts';

/** Name of a service's database. Its two roles are named after it. */
export const databaseName = (service: Service): string => `clientela_${service}`;

/** Connection to a service's database, as the server's superuser or, with its password, as the app role. */
export function databaseUrl(adminUrl: string, service: Service, appPassword?: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${databaseName(service)}`;
  if (appPassword !== undefined) {
    url.username = `${databaseName(service)}_app`;
    url.password = appPassword;
  }
  return url.href;
}

/** A service's migration folders in the order in which they run: those of the shared packages, then its own. */
export const migrationFolders = (service: Service, root = repoRoot): string[] =>
  [
    join(root, 'packages/http/migrations'),
    join(root, 'packages/events/migrations'),
    join(root, 'packages/privacy/migrations'),
    join(folderOf(service, root), 'migrations'),
  ].filter((folder) => existsSync(folder));

/** Names of the migrations that this version has for a service's database. */
export const knownMigrations = (service: Service): string[] =>
  migrationFolders(service)
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => name.endsWith('.sql'));

/** Reads the names of the migrations that ran, in their order. @returns undefined when none ever ran */
export async function appliedMigrations(url: string): Promise<string[] | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000, query_timeout: 10_000 });
  client.on('error', () => {}); // a lost connection fails the next statement
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ found: boolean }>(
      `select to_regclass('migrations.done') is not null as found`,
    );
    if (!tables[0]?.found) return undefined;
    const { rows } = await client.query<{ name: string }>('select name from migrations.done order by id');
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

export type ServiceDatabase = DatabaseUrls & { appRole: string };

/** Creates a service's database and roles when they are missing. */
export async function createDatabase(
  adminUrl: string,
  service: Service,
  passwords: { owner: string; app: string },
  { isDedicatedServer }: { isDedicatedServer: boolean },
): Promise<ServiceDatabase> {
  const { url, ownerUrl, appRole } = await provision(adminUrl, databaseName(service), passwords, {
    ownServer: isDedicatedServer,
  });
  return { url, ownerUrl, appRole };
}

/** A database that the settings name, created with its roles by the operator. */
export function externalDatabase({ url, ownerUrl }: DatabaseUrls): ServiceDatabase {
  return { url, ownerUrl, appRole: decodeURIComponent(new URL(url).username) };
}

/** @returns the names of the migrations that ran */
export const migrateDatabase = (
  { ownerUrl, appRole }: ServiceDatabase,
  service: Service,
  root = repoRoot,
): Promise<string[]> => migrate({ ownerUrl, appRole, folders: migrationFolders(service, root) });
