export type Schema = Record<string, unknown>;
type Content = Record<string, { schema?: Schema; example?: object }>;
export type Parameter = { in: 'path' | 'query' | 'header'; name: string; required?: boolean };
export type Operation = {
  operationId: string;
  summary: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
  security?: object[];
  'x-pagination'?: { style: 'page' | 'cursor' | 'offset' | 'whole'; items: string | null };
  'x-idempotent'?: boolean;
  'x-error-codes'?: string[];
};
/** The merged document of the API. */
export type Document = {
  openapi: string;
  info: object;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
  'x-error-codes'?: string[];
};

/** Leaves out what the client has no functions for: aliases, /rest/v1, what the gateway serves to browsers and Prometheus, and redirects. */
const isServed = (path: string, { deprecated, operationId, responses }: Operation): boolean =>
  !deprecated &&
  !path.startsWith('/rest/v1/') &&
  !/^gateway\.(?:docs|redoc|openapi|metrics)\./.test(operationId) &&
  Object.keys(responses).some((status) => status.startsWith('2'));

/** Lists the operations that the client has functions for, by name. */
export const operationsOf = ({ paths }: Document) =>
  Object.entries(paths)
    .flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })))
    .filter(({ path, operation }) => isServed(path, operation))
    .toSorted((a, b) => (a.operation.operationId < b.operation.operationId ? -1 : 1));

/** Names the function of an operation: `auth.changeEmail.confirm`. */
export const functionName = (operationId: string): string =>
  operationId.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The company to act in, which is an option of the call. */
export const isCompany = (parameter: Parameter): boolean => parameter.in === 'query' && parameter.name === 'company_id';
