import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Service } from '@clientela/contracts';
import { withAliases, type MountedRoute, type Route } from '@clientela/http';

export const repoRoot = resolve(import.meta.dirname, '../../../..');

/** Imports a file of a service by its path, because no package depends on a service. */
export const importFromService = async <Module>(service: Service, file: string) =>
  (await import(pathToFileURL(join(repoRoot, 'services', service, 'src', file)).href)) as Module;

/** Lists the routes of a service, once per path. Their handlers have no dependencies. */
export const routesOf = async (service: Service): Promise<MountedRoute[]> =>
  withAliases((await importFromService<{ routes: (parts: object) => Route[] }>(service, 'app.ts')).routes({}));
