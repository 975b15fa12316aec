export type Operation = {
  operationId?: string;
  'x-alias-of'?: string;
  'x-error-codes'?: readonly string[];
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content?: Record<string, Content> }>;
};
type Content = { schema: Schema; example?: unknown };
type Schema = { $ref?: string; anyOf?: Schema[]; type?: string };
export type Document = {
  paths: Record<string, Record<string, Operation>>;
  'x-error-codes'?: readonly string[];
};

/** Lists the operations of a document with their method and path. */
export const operationsOf = ({ paths }: Document): (Operation & { route: string })[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) =>
      Object.assign({}, operation, { route: `${method.toUpperCase()} ${path}` }),
    ),
  );

/** Finds operations without a name of the form `<resource>.<verb>`, and names that two have. */
export function nameProblems(document: Document): string[] {
  const routes = new Map<string, string>();
  return operationsOf(document).flatMap(({ operationId = '', route, ...operation }) => {
    const first = routes.get(operationId);
    routes.set(operationId, route);
    if (!/^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/.test(operationId)) return [`${route} has no operationId <resource>.<verb>`];
    if (first) return [`${operationId} is the operationId of ${first} and of ${route}`];
    const alias = operation['x-alias-of'];
    return alias !== undefined && !operationId.startsWith(`${alias}.`) ? [`${route} is named other than ${alias}`] : [];
  });
}

/** Finds JSON bodies and responses without a named schema, and bodies without an example. */
export const schemaProblems = (document: Document): string[] =>
  operationsOf(document).flatMap(({ route, requestBody, responses }) => {
    const contents = [requestBody, ...Object.values(responses)].flatMap((part) => Object.entries(part?.content ?? {}));
    const problems = contents
      .filter(([type, { schema }]) => /json|form-data/.test(type) && !isNamed(schema))
      .map(([type]) => `${route} has a ${type} body or response whose schema has no name (nameSchemas)`);
    const json = requestBody?.content['application/json'];
    if (json && json.example === undefined) problems.push(`${route} has no example of its body`);
    return problems;
  });

const isNamed = ({ $ref, anyOf, type }: Schema): boolean =>
  $ref !== undefined || type === 'string' || (anyOf !== undefined && anyOf.every(isNamed));

/** Codes that no operation of the API responds with: of internal routes, and of jobs, which keep theirs. */
const internalCodes: ReadonlySet<string> = new Set([
  'CUSTOMER_CURRENCY_DIFFERS',
  'CUSTOMER_STATISTICS_OUT_OF_RANGE',
  'EVENT_OF_ANOTHER_SERVICE',
  'IMPORT_FILE_GONE',
  'JOB_ID_TAKEN',
]);

const toErrorCode = (text: string) => text.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
const patterns: readonly [RegExp, (...groups: string[]) => string][] = [
  [/error_code:\s*'(\w+)'/g, (code) => code],
  [/\b(?:forbidden|unauthenticated)\([^;]*?,\s*'([A-Z]\w+)'\)/g, (code) => code],
  [/\bnotFound\('([^']+)'\)/g, (resource) => `${toErrorCode(resource)}_NOT_FOUND`],
  [
    /\bresource:\s*'([^']+)',\s*field:\s*'([^']+)'/g,
    (resource, field) => `${toErrorCode(resource)}_${toErrorCode(field)}_TAKEN`,
  ],
  [/^ {2}\w+: \[\d{3}, '([A-Z_]+)', '/gm, (code) => code],
];

/** Finds the error codes that a source file throws. */
export const codesIn = (source: string): string[] =>
  patterns.flatMap(([pattern, toCode]) => Array.from(source.matchAll(pattern), ([, ...groups]) => toCode(...groups)));

/** Finds error codes of the code that no operation lists. */
export function codeProblems(document: Document, sources: ReadonlyMap<string, string>): string[] {
  const listed = new Set([
    ...(document['x-error-codes'] ?? []),
    ...operationsOf(document).flatMap((operation) => operation['x-error-codes'] ?? []),
  ]);
  return [...sources].flatMap(([file, source]) =>
    codesIn(source)
      .filter((code) => !listed.has(code) && !internalCodes.has(code))
      .map((code) => `${file} throws ${code}, which no operation lists (errors)`),
  );
}
