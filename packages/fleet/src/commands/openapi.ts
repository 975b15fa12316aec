import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createOpenapiDocument, type Route } from '@clientela/http';
import { readCommandLine } from '@clientela/runtime';
import { folderOf, services } from '../launcher/services.ts';

const {
  values: { check: isCheck },
} = readCommandLine(
  `Usage: npm run openapi [-- --check]
Writes each service's openapi.json from its routes, and the generated sources of packages/client from all of them. Fails when two services declare one method on one path template.

  --check   writes nothing, and fails when a file differs`,
  { options: { check: { type: 'boolean', default: false } } },
);
const top = join(import.meta.dirname, '../../../..');
type ServiceOperation = { operationId: string; 'x-clientela': { deadline: number } };
type ServiceDocument = { paths: Record<string, Record<string, ServiceOperation>> };
const declaredBy = new Map<string, string>();
const problems: string[] = [];
const documents: ServiceDocument[] = [];

for (const service of services) {
  const folder = folderOf(service);
  // Loaded by path, because no package depends on a service.
  const app = (await import(pathToFileURL(join(folder, 'src/app.ts')).href)) as { routes: (deps: object) => Route[] };
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const document = (await createOpenapiDocument(service, version, app.routes({}))) as ServiceDocument;
  const text = `${JSON.stringify(document, null, 2)}\n`;
  documents.push(JSON.parse(text) as ServiceDocument);

  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      const route = `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '{}')}`;
      const declaringService = declaredBy.get(route);
      if (declaringService) problems.push(`${route} is declared by ${declaringService} and by ${service}`);
      declaredBy.set(route, service);
    }
  }
  writeOrCompare(join(folder, 'openapi.json'), text);
}

// Loaded by path too: the gateway merges the documents, and the generator is no part of the package that it writes.
const { mergeDocuments } = (await loadFile('gateway/src/docs/merged-document.ts')) as {
  mergeDocuments: (version: string, documents: ServiceDocument[]) => object;
};
const { generateClient } = (await loadFile('packages/client/generator/generate.ts')) as {
  generateClient: (document: object, deadlines: Map<string, number>) => Promise<Record<string, string>>;
};
const deadlines = documents.flatMap(({ paths }) =>
  Object.values(paths).flatMap((operations) =>
    Object.values(operations).map((operation) => [operation.operationId, operation['x-clientela'].deadline] as const),
  ),
);
const sources = await generateClient(mergeDocuments('1.0.0', documents), new Map(deadlines));
for (const [name, text] of Object.entries(sources)) writeOrCompare(join(top, 'packages', name), text);

function writeOrCompare(file: string, text: string): void {
  if (!isCheck) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text)
    problems.push(`${relative(top, file)} does not match the routes: run "npm run openapi" and commit it`);
}

function loadFile(path: string): Promise<unknown> {
  return import(pathToFileURL(join(top, path)).href);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${declaredBy.size} routes of ${services.length} services: ${isCheck ? 'up to date' : 'written'}`);
