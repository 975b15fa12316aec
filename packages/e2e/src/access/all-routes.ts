import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services, type Service } from '@clientela/contracts';
import { folderOf } from '@clientela/fleet';
import { isInternal, acceptsCompany, type Route } from '@clientela/http';

export type Door = {
  service: Service;
  method: string;
  path: string;
  internal: boolean;
  /** Whether its query may name a company. */
  takes_company: boolean;
};

/** Every route of every service, from the route objects themselves. */
export async function everyDoor(): Promise<Door[]> {
  const doors: Door[] = [];
  for (const service of services) {
    // By path, not by import: no package depends on a service.
    const module = (await import(pathToFileURL(join(folderOf(service), 'src/app.ts')).href)) as {
      routes: (parts: object) => Route[];
    };
    for (const door of module.routes({})) {
      const { path } = door;
      const [internal, takes_company] = [isInternal(door), acceptsCompany(door)];
      doors.push({ service, method: door.method.toUpperCase(), path, internal, takes_company });
    }
  }
  return doors;
}
