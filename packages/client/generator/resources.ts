import { functionName, isCompany, operationsOf, type Document } from './document.ts';

type Placed = ReturnType<typeof operationsOf>[number] & { deadline: number };
type Tree = { placed?: Placed; children: Record<string, Tree> };

/** Writes a function for each operation, in a tree by their names, and the error codes of each. `deadlines` has ms by operationId. */
export function writeResources(document: Document, deadlines: ReadonlyMap<string, number>): string {
  const tree: Tree = { children: {} };
  const codes: string[] = [];
  for (const found of operationsOf(document)) {
    const { operationId, 'x-error-codes': own = [] } = found.operation;
    let node = tree;
    for (const part of functionName(operationId).split('.')) node = node.children[part] ??= { children: {} };
    node.placed = { ...found, deadline: deadlines.get(operationId) ?? 0 };
    codes.push(`  '${operationId}': ${union(own)};`);
  }
  return `import type { Call } from '../call.ts';
import { pages } from '../pages.ts';
import { path } from '../path.ts';
import type { All, Body, Form, Item, Listing, Options, Query, Upload } from '../types.ts';

/** Error codes of each operation. */
export type ErrorCodes = {
${codes.join('\n')}
};

/** Error codes of requests that no operation matches. */
export type RoutingErrorCode = ${union(document['x-error-codes'] ?? [])};

/** One function for each operation of the API. */
export const createResources = (call: Call) => ({
${indent(writeChildren(tree))}
});
`;
}

const union = (values: readonly string[]) => values.map((value) => `'${value}'`).join(' | ');
/** Indents each line by the brackets that are open before it. */
function indent(text: string): string {
  let depth = 1;
  return text
    .split('\n')
    .map((line) => {
      if (line.startsWith('}')) depth -= 1;
      const indented = '  '.repeat(depth) + line;
      if (line.endsWith('{')) depth += 1;
      return indented;
    })
    .join('\n');
}
const writeChildren = ({ children }: Tree) => Object.entries(children).map(writeNode).join('\n');

/** Writes a function, a group of functions, or a function with a group: `auth.changeEmail` and `auth.changeEmail.confirm`. */
function writeNode([name, tree]: [string, Tree]): string {
  const group = `{\n${writeChildren(tree)}\n}`;
  if (!tree.placed) return `${name}: ${group},`;
  const { own, all } = writeFunctions(tree.placed);
  const { summary, description } = tree.placed.operation;
  const doc = `/** ${[summary, description?.replaceAll(/\s+/g, ' ')].filter(Boolean).join('. ')} */`;
  return [
    doc,
    `${name}: ${Object.keys(tree.children).length > 0 ? `Object.assign(${own}, ${group})` : own},`,
    ...(all ? [doc, `${name === 'list' ? 'all' : `${name}All`}: ${all},`] : []),
  ].join('\n');
}

/** Writes the function of an operation and, for a list in pages, the one that iterates over all of it. */
function writeFunctions({ path, method, operation, deadline }: Placed): { own: string; all?: string } {
  const { operationId, parameters = [], requestBody, responses, security, 'x-pagination': pagination } = operation;
  const id = `'${operationId}'`;
  const body = Object.keys(requestBody?.content ?? {});
  const query = parameters.filter((parameter) => parameter.in === 'query' && !isCompany(parameter));
  const queryMark = query.some(({ required }) => required) ? '' : '?';
  const isJson = Object.entries(responses).some(
    ([status, { content }]) => status.startsWith('2') && content?.['application/json'],
  );
  const options = [
    ...(parameters.some(isCompany) ? ['companyId'] : []),
    ...(parameters.some(({ name }) => name === 'If-Match') ? ['ifMatch'] : []),
    ...(operation['x-idempotent'] ? ['idempotencyKey'] : []),
    ...(body.includes('multipart/form-data') ? ['onProgress', 'filename'] : []),
  ];
  const optionsType = options.length > 0 ? `Options<${union(options)}>` : 'Options';
  const moreOptions = [
    `options?: ${optionsType}`,
    ...(method !== 'get' && query.length > 0 ? [`{ query${queryMark}: Query<${id}> }`] : []),
    ...(body.length === 2 ? [`{ fields?: Form<${id}> }`] : []),
  ].join(' & ');
  const pathParameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => `${name}: string`);
  const bodyType = [
    ...(body.includes('application/json') ? [`Body<${id}>`] : []),
    ...(body.includes('multipart/form-data') ? ['Upload'] : []),
  ].join(' | ');
  const input: string[] = [];
  if (bodyType) input.push(`body: ${bodyType}`);
  else if (method === 'get' && query.length > 0) input.push(`query${queryMark}: Query<${id}>`);
  const request = [
    `method: '${method.toUpperCase()}'`,
    `path: path\`${path.replaceAll('{', '${')}\``,
    ...input.map((declaration) => declaration.replace(/\W.*/, '')),
    'options',
    ...(parameters.some(isCompany) ? ['company: true'] : []),
    ...(operation['x-idempotent'] ? ['keyed: true'] : []),
    ...(security?.length === 0 ? ['open: true'] : []),
    ...(isJson ? [] : ['stream: true']),
    ...(deadline > 30_000 ? [`timeout: ${deadline + 5000}`] : []),
  ].join(', ');
  const called = `call<${id}>({ ${request} })`;
  const plain = `(${[...pathParameters, ...input, moreOptions].join(', ')}) => ${called}`;
  if (pagination === undefined || pagination.style === 'whole' || !pagination.items) return { own: plain };
  const { style, items } = pagination;
  const lists = `Listing<${id}, [${pathParameters.join(', ')}], ${optionsType}>`;
  const isEither = parameters.some(({ name }) => name === 'page') && style === 'cursor';
  return {
    own: isEither ? `(${plain}) as ${lists}` : plain,
    all: `(${[...pathParameters, `query${queryMark}: All<${id}>`, moreOptions].join(', ')}) => pages<Item<${id}, '${items}'>>('${style}', '${items}', query, options, (query, options) => ${called})`,
  };
}
