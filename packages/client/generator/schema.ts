import openapiTS, { astToString } from 'openapi-typescript';
import { isCompany, operationsOf, type Document, type Schema } from './document.ts';

const unknownValue = 'UnknownValue';

/** Writes the types of a document: its schemas by name, and what each operation takes and returns. */
export async function writeSchema(document: Document): Promise<string> {
  const reduced = reduceDocument(structuredClone(document));
  openEnums(reduced);
  const nodes = await openapiTS(reduced as never, {
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
    defaultNonNullable: false,
    alphabetize: true,
  });
  const used = nodes.filter((node) => !('name' in node) || !unused.has((node.name as { text: string }).text));
  return astToString(used)
    .replace(`${unknownValue}: string;`, `${unknownValue}: string & {};`)
    .replaceAll(
      /^ *(?:headers: \{\n *\[name: string\]: unknown;\n *\}|(?:header|cookie|requestBodies|responses|parameters|headers|pathItems)\??: never);\n/gm,
      '',
    );
}

/** Declarations that the functions do not refer to. */
const unused = new Set(['paths', 'webhooks', '$defs']);

/** Leaves what the types of the functions need: no problem, no header, no operation without a function. */
function reduceDocument(document: Document): Document {
  const paths: Document['paths'] = {};
  for (const { path, method, operation } of operationsOf(document)) {
    const { operationId, parameters = [], requestBody, responses } = operation;
    (paths[path] ??= {})[method] = {
      operationId,
      summary: '',
      parameters: parameters.filter((parameter) => parameter.in !== 'header' && !isCompany(parameter)),
      ...(requestBody && { requestBody }),
      responses: Object.fromEntries(
        Object.entries(responses)
          .filter(([status]) => status.startsWith('2'))
          .map(([status, { content }]) => [status, { description: '', ...(content && { content }) }]),
      ),
    };
  }
  const { openapi, info, components } = document;
  const reduced: Document = { openapi, info, paths, components: { schemas: components.schemas } };
  const named = new Set([...reachable(reduced, 'requestBody'), ...reachable(reduced, 'responses'), 'Problem']);
  for (const name of Object.keys(components.schemas)) if (!named.has(name)) delete components.schemas[name];
  return reduced;
}

/** Adds any other text to the enums of what the API returns, because a newer server may return a value that this client does not know. */
function openEnums(document: Document): void {
  const { schemas } = document.components;
  const sent = reachable(document, 'requestBody');
  for (const [name, schema] of Object.entries(schemas)) if (!sent.has(name)) schemas[name] = openEnum(schema) as Schema;
  schemas[unknownValue] = { type: 'string', description: 'A value that this version of the client does not know' };
}

function openEnum(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(openEnum);
  if (typeof schema !== 'object' || schema === null) return schema;
  const opened = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, openEnum(value)]));
  return Array.isArray(opened['enum']) && opened['type'] === 'string'
    ? { anyOf: [opened, { $ref: `#/components/schemas/${unknownValue}` }] }
    : opened;
}

/** Finds the names of the schemas that the bodies, or the responses, of all operations refer to. */
function reachable({ paths, components }: Document, part: 'requestBody' | 'responses'): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value ?? null).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      if (names.has(name)) continue;
      names.add(name);
      visit(components.schemas[name]);
    }
  };
  for (const item of Object.values(paths)) for (const operation of Object.values(item)) visit(operation[part]);
  return names;
}
