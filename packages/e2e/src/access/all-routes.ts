import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services, type Service } from '@clientela/contracts';
import { folderOf } from '@clientela/fleet';
import { acceptsCompany, isInternal, withAliases, type Route } from '@clientela/http';

export type RouteInfo = {
  service: Service;
  definition: Route;
  method: string;
  path: string;
  isInternal: boolean;
  /** Whether its query may name a company. */
  acceptsCompany: boolean;
};

/** Lists every route of every service, aliases too, from the route declarations. */
export async function allRoutes(): Promise<RouteInfo[]> {
  const loaded = services.map(async (service) => {
    // Loaded by path, because no package depends on a service.
    const url = pathToFileURL(join(folderOf(service), 'src/app.ts')).href;
    const app = (await import(url)) as { routes: (deps: object) => Route[] };
    return withAliases(app.routes({})).map((definition) => ({
      service,
      definition,
      method: definition.method.toUpperCase(),
      path: definition.path,
      isInternal: isInternal(definition),
      acceptsCompany: acceptsCompany(definition),
    }));
  });
  return (await Promise.all(loaded)).flat();
}
