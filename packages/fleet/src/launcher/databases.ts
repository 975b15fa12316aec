import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, provision } from '@clientela/db';
import { folderOf, repoRoot, type Service } from './services.ts';
import type { DatabaseUrls } from './settings.ts';

/** Name of a service's database. Its two roles are named after it. */
export const databaseName = (service: Service): string => `clientela_${service}`;

/** A service's migration folders in the order in which they run: those of the shared packages, then its own. */
export const migrationFolders = (service: Service, root = repoRoot): string[] =>
  [
    join(root, 'packages/http/migrations'),
    join(root, 'packages/events/migrations'),
    join(root, 'packages/privacy/migrations'),
    join(folderOf(service, root), 'migrations'),
  ].filter((folder) => existsSync(folder));

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
