import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { services } from '@clientela/contracts';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { codeProblems, nameProblems, schemaProblems, type Document } from './document-problems.ts';

// A part of `npm run check`: checks the merged OpenAPI document. Names, schemas, examples and error codes by our own rules, everything
// else with the linter of Redocly.

const top = join(import.meta.dirname, '../../../..');
const readText = (path: string) => readFileSync(join(top, path), 'utf8');
const { mergeDocuments } = (await import(pathToFileURL(join(top, 'gateway/src/docs/merged-document.ts')).href)) as {
  mergeDocuments: (version: string, documents: unknown[]) => Document;
};

const document = mergeDocuments(
  '1.0.0',
  services.map((service) => JSON.parse(readText(`services/${service}/openapi.json`)) as unknown),
);
const files = globSync('{gateway,services/*,packages/{db,errors,events,http,privacy}}/src/**/*.ts', {
  cwd: top,
}).filter((file) => !/\.test\.ts$|\/testing\//.test(file));
const sources = new Map(files.map((file) => [file, readText(file)]));

const config = await createConfig({
  extends: ['recommended'],
  rules: { 'no-ambiguous-paths': 'off' }, // a literal segment goes before a parameter, as OpenAPI says
});
const lint = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config });

const problems = [
  ...nameProblems(document),
  ...schemaProblems(document),
  ...codeProblems(document, sources),
  ...lint.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer ?? ''})`),
];
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`openapi: ${Object.keys(document.paths).length} paths, ${problems.length} problems\n`);
if (problems.length > 0) process.exitCode = 1;
