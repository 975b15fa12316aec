import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, provision } from '@clientela/db';
import { type Service, folderOf, repoRoot } from './services.ts';

/** Of each service: the name of its database, from which its two roles have theirs. */
export const databaseName = (service: Service): string => `clientela_${service}`;

/** Where a service's migrations lie, in the order in which they run: what every service has, then its own. */
export const migrationFolders = (service: Service, street = repoRoot): string[] =>
  [
    join(street, 'packages/http/migrations'),
    join(street, 'packages/events/migrations'),
    join(street, 'packages/privacy/migrations'),
    join(folderOf(service, street), 'migrations'),
  ].filter((folder) => existsSync(folder));

export type ServiceDatabase = { url: string; owner_url: string; app_role: string };

export const makeDatabase = (
  admin_url: string,
  service: Service,
  passwords: { owner: string; app: string },
  options: { own_server: boolean },
): Promise<ServiceDatabase> => provision(admin_url, databaseName(service), passwords, options);

/** A database that the settings name: made and given its roles by somebody else. */
export function givenDatabase({ url, owner_url }: { url: string; owner_url: string }): ServiceDatabase {
  return { url, owner_url, app_role: decodeURIComponent(new URL(url).username) };
}

export const migrateDatabase = (
  { owner_url, app_role }: ServiceDatabase,
  service: Service,
  street = repoRoot,
): Promise<string[]> => migrate({ owner_url, app_role, folders: migrationFolders(service, street) });
