import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createOpenapiDocument, type Route } from '@clientela/http';
import { readCommandLine } from '@clientela/runtime';
import { folderOf, services } from '../launcher/services.ts';

const {
  values: { check: isCheck },
} = readCommandLine(
  `Usage: npm run openapi [-- --check]
Writes each service's openapi.json from its routes. Fails when two services declare one method on one path template.

  --check   writes nothing, and fails when a file differs`,
  { options: { check: { type: 'boolean', default: false } } },
);
const declaredBy = new Map<string, string>();
const problems: string[] = [];

for (const service of services) {
  const folder = folderOf(service);
  // Loaded by path, because no package depends on a service.
  const app = (await import(pathToFileURL(join(folder, 'src/app.ts')).href)) as { routes: (deps: object) => Route[] };
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const document = await createOpenapiDocument(service, version, app.routes({}));
  const text = `${JSON.stringify(document, null, 2)}\n`;
  const file = join(folder, 'openapi.json');

  for (const [path, operations] of Object.entries((document as { paths?: Record<string, object> }).paths ?? {})) {
    for (const method of Object.keys(operations)) {
      const route = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
      const declaringService = declaredBy.get(route);
      if (declaringService) problems.push(`${route} is declared by ${declaringService} and by ${service}`);
      declaredBy.set(route, service);
    }
  }
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    problems.push(`services/${service}/openapi.json does not match its routes: run "npm run openapi" and commit it`);
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${declaredBy.size} routes of ${services.length} services: ${isCheck ? 'up to date' : 'written'}`);
