import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services } from '@clientela/contracts';
import { createOpenapiDocument, type Route } from '@clientela/http';

/**
 * Writes each service's openapi.json from its routes; with `--check` it writes nothing and fails when one differs, or when two
 * services declare one method on one template.
 */
const top = resolve(import.meta.dirname, '../../../..');
const check = process.argv.includes('--check');
const declared = new Map<string, string>();
const faults: string[] = [];

for (const service of services) {
  const folder = join(top, 'services', service);
  // By path, not by import: no package depends on a service.
  const app = (await import(pathToFileURL(join(folder, 'src/app.ts')).href)) as { routes: (parts: object) => Route[] };
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const document = await createOpenapiDocument(service, version, app.routes({}));
  const written = `${JSON.stringify(document, null, 2)}\n`;
  const file = join(folder, 'openapi.json');

  for (const [path, operations] of Object.entries((document as { paths?: Record<string, object> }).paths ?? {})) {
    for (const method of Object.keys(operations)) {
      const door = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
      const other = declared.get(door);
      if (other) faults.push(`${door} is declared by ${other} and by ${service}`);
      declared.set(door, service);
    }
  }
  if (!check) writeFileSync(file, written);
  else if (readFileSync(file, 'utf8') !== written) {
    faults.push(`services/${service}/openapi.json is not what its routes say: run npm run openapi and commit it`);
  }
}

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else console.log(`${declared.size} routes of ${services.length} services: ${check ? 'as committed' : 'written'}`);
