import { isDeepStrictEqual } from 'node:util';
import { ownPaths, ownSchemas } from './own-operations.ts';

type Components = Record<string, Record<string, unknown>>;
type PathItem = Record<string, Record<string, unknown>>;
export type OpenApiDocument = {
  openapi: string;
  info: Record<string, unknown>;
  paths: Record<string, PathItem>;
  components: Components;
} & Record<string, unknown>;

const tags = [
  { name: 'gateway', description: 'The gateway itself: health, readiness and documentation' },
  { name: 'auth', description: 'Users, companies, sessions, document types and the audit log' },
  { name: 'customer', description: 'Customers, their tags, notes and history; imports, exports and privacy' },
  { name: 'interaction', description: 'Interactions, transactions and timelines of customers' },
  { name: 'product', description: 'Products and services' },
  { name: 'favorites', description: 'Favorites of customers' },
];

const description =
  'A customer-data backend. Sign in with `POST /auth/login` and send the access token as `Authorization: Bearer …`; machines send an API key, where `security` names `api_key`. ' +
  'Errors are problem documents (RFC 9457) with a stable `error_code`; `x-error-codes` lists those of an operation. Deprecated ' +
  'operations are aliases for clients of earlier systems; `x-alias-of` names the operation to use.';

/**
 * Merges the documents of the services, and the gateway's own routes, into the one of the whole API.
 * @throws Error when two documents declare one path and method, or different components of one name
 */
export function mergeDocuments(version: string, documents: readonly OpenApiDocument[]): OpenApiDocument {
  const paths: Record<string, PathItem> = structuredClone(ownPaths);
  const components: Components = { schemas: { ...ownSchemas } };
  for (const document of documents) {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, { 'x-clientela': _, ...operation }] of Object.entries(item)) {
        const merged = (paths[path] ??= {});
        if (merged[method]) throw new Error(`${method.toUpperCase()} ${path} is declared twice`);
        merged[method] = operation;
      }
    }
    for (const [kind, named] of Object.entries(document.components)) mergeInto((components[kind] ??= {}), kind, named);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Clientela',
      version,
      description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags,
    paths: Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components,
    'x-error-codes': ['HTTP_VERSION_NOT_SUPPORTED', 'METHOD_NOT_ALLOWED', 'NOT_FOUND'],
  };
}

function mergeInto(merged: Record<string, unknown>, kind: string, named: Record<string, unknown>): void {
  for (const [name, component] of Object.entries(named)) {
    if (name in merged && !isDeepStrictEqual(merged[name], component))
      throw new Error(`Two services declare different components/${kind}/${name}`);
    merged[name] = component;
  }
}
