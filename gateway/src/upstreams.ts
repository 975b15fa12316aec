import { readFileSync } from 'node:fs';
import type { Service } from '@clientela/contracts';
import { z } from 'zod';
import type { Config } from './config.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What the gateway knows of a route; sizes in bytes, times in milliseconds. */
export type Route = {
  method: Method;
  template: string;
  open: boolean;
  kind: 'json' | 'upload' | 'stream';
  body_limit: number;
  deadline: number;
};

export type Upstream = { service: Service; url: string; routes: readonly Route[] };

const Operation = z.object({
  security: z.array(z.unknown()).optional(),
  'x-clientela': z.object({
    kind: z.enum(['json', 'upload', 'stream']),
    body_limit: z.int().nonnegative(),
    // setTimeout takes no more: beyond it a timer fires at once.
    deadline: z
      .int()
      .positive()
      .max(2 ** 31 - 1),
  }),
});

// Strict: a verb that is not served here (trace, options) must not slip in unseen.
const PathItem = z.strictObject({
  get: Operation.optional(),
  post: Operation.optional(),
  put: Operation.optional(),
  patch: Operation.optional(),
  delete: Operation.optional(),
  parameters: z.unknown().optional(),
  summary: z.unknown().optional(),
  description: z.unknown().optional(),
});

const Document = z.object({ paths: z.record(z.string().regex(/^\/[A-Za-z0-9._~{}/-]*$/), PathItem) });

const verbs = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

/**
 * The routes of one OpenAPI document. Only `security: []` makes a route open: an operation that says nothing is closed.
 * @throws when the document is not what the gateway can serve
 */
export function routesOf(document: unknown): Route[] {
  const { paths } = Document.parse(document);
  return Object.entries(paths).flatMap(([template, item]) =>
    (Object.keys(verbs) as (keyof typeof verbs)[]).flatMap((verb) => {
      const operation = item[verb];
      if (!operation) return [];
      return [{ method: verbs[verb], template, open: operation.security?.length === 0, ...operation['x-clientela'] }];
    }),
  );
}

function committed(service: Service): Route[] {
  try {
    return routesOf(
      JSON.parse(readFileSync(new URL(`../../services/${service}/openapi.json`, import.meta.url), 'utf8')),
    );
  } catch (cause) {
    throw new Error(`services/${service}/openapi.json cannot be used; "npm run openapi" writes it`, { cause });
  }
}

/** Who serves what. Closed by default: a route that no service's openapi.json declares does not exist here. */
export const readUpstreams = (config: Config): Upstream[] => [
  { service: 'auth', url: config.AUTH_SERVICE_URL, routes: committed('auth') },
  { service: 'customer', url: config.CUSTOMER_SERVICE_URL, routes: committed('customer') },
  { service: 'interaction', url: config.INTERACTION_SERVICE_URL, routes: committed('interaction') },
  { service: 'product', url: config.PRODUCT_SERVICE_URL, routes: committed('product') },
  { service: 'favorites', url: config.FAVORITES_SERVICE_URL, routes: committed('favorites') },
];
