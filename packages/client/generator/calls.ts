import { functionName, operationsOf, type Document, type Operation } from './document.ts';

type Schema = { $ref?: string; anyOf?: Schema[] };

/** Writes one call of each function, with the example of its operation and the type of its response: a file for tests. */
export function writeCalls(document: Document): string {
  const types = new Set<string>();
  const calls = operationsOf(document).map(({ path, method, operation }) => {
    const { operationId, parameters = [], requestBody } = operation;
    const json = requestBody?.content['application/json'];
    const isUpload = requestBody?.content['multipart/form-data'] !== undefined;
    const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const hasQuery = parameters.some((parameter) => parameter.in === 'query' && parameter.name !== 'company_id');
    const values = [
      ...pathParameters,
      ...(isUpload ? ['file'] : json ? [`{ ${[...fieldsOf(json.example), '...own'].join(', ')} }`] : []),
      ...(hasQuery ? [method === 'get' ? 'query' : '{ query }'] : []),
    ];
    const used = [
      ...(pathParameters.length > 0 ? [`path: [${pathParameters.map((name) => `${name} = ''`).join(', ')}]`] : []),
      ...(isUpload ? ['file'] : json ? ['own'] : []),
      ...(hasQuery ? ['query'] : []),
    ];
    const sample = used.length > 0 ? `, { ${used.join(', ')} }: Sample<'${operationId}'>` : '';
    const response = responseTypes(operation, types);
    return `  '${operationId}': (client: Clientela${sample}): Promise<${response}> =>\n    client.${functionName(operationId)}(${values.join(', ')}),`;
  });
  return `import type { Body, Clientela, OperationId, Query } from '@clientela/client';
import type {
${[...types]
  .toSorted()
  .map((name) => `  ${name},`)
  .join('\n')}
} from '@clientela/client';

export type Sample<Id extends OperationId> = { path: string[]; query: Query<Id>; own: Partial<Body<Id>>; file: Blob };

/** Calls of every operation. A response that has another type than the document says does not compile. */
export const calls = {
${calls.join('\n')}
};
`;
}

/** Writes the fields of an example one by one: the compiler refuses an unknown one, which it does not in an object that is spread. */
const fieldsOf = (example: object = {}) =>
  Object.entries(example).map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`);

/** Names the types of an operation's responses. @param types collects them */
function responseTypes({ responses }: Operation, types: Set<string>): string {
  const names = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .flatMap(([, { content }]) => {
      const schema = content?.['application/json']?.schema as Schema | undefined;
      if (!schema) return ['ReadableStream<Uint8Array>'];
      return (schema.anyOf ?? [schema]).map(({ $ref = '' }) => $ref.replace('#/components/schemas/', ''));
    });
  for (const name of names) if (!name.startsWith('ReadableStream')) types.add(name);
  return [...new Set(names)].join(' | ');
}
