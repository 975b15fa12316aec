import { readFileSync } from 'node:fs';
import type { Service } from '@clientela/contracts';
import { z } from 'zod';
import type { Config } from './config.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A route as its openapi.json declares it; sizes in bytes, times in milliseconds. */
export type Route = {
  method: Method;
  template: string;
  open: boolean;
  kind: 'json' | 'upload' | 'form' | 'stream';
  body_limit: number;
  deadline: number;
  /** When the gateway gives up earlier, unless the service has responded to another request of the route meanwhile. */
  max_silence?: number | undefined;
  /** The limits of tokens with which the route is open too. */
  limited?: readonly string[] | undefined;
  /** The rate limit per client address that the route counts towards; `forgot_password` counts towards `login` too. */
  address_rate_limit?: 'login' | 'forgot_password' | undefined;
  /** The cookies that are passed to the route, and back. */
  cookies?: readonly string[] | undefined;
};

/** Whether requests of a route wait in a queue of their service, as sign-ins do, where they cost next to nothing. */
export const waitsInQueue = ({ max_silence }: Route): boolean => max_silence !== undefined;

export type Upstream = {
  service: Service;
  /** Of its replicas. */
  urls: readonly string[];
  routes: readonly Route[];
};

const Operation = z.object({
  security: z.array(z.unknown()).optional(),
  'x-clientela': z.object({
    kind: z.enum(['json', 'upload', 'form', 'stream']),
    body_limit: z.int().nonnegative(),
    // The longest delay of setTimeout; a longer one would fire at once.
    deadline: z
      .int()
      .positive()
      .max(2 ** 31 - 1),
    max_silence: z.int().positive().optional(),
    limited: z.array(z.string()).optional(),
    address_rate_limit: z.enum(['login', 'forgot_password']).optional(),
    cookies: z.array(z.string().regex(/^[\w-]+$/)).optional(),
  }),
});

// Strict, so that an unsupported method (trace, options) fails instead of being ignored.
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

const methods = { get: 'GET', post: 'POST', put: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

/**
 * Reads the routes of one OpenAPI document. A route is open only with `security: []`; without the field it is protected.
 * @throws when the gateway cannot serve the document
 */
export function routesOf(document: unknown): Route[] {
  const { paths } = Document.parse(document);
  return Object.entries(paths).flatMap(([template, item]) =>
    (Object.keys(methods) as (keyof typeof methods)[]).flatMap((key) => {
      const operation = item[key];
      if (!operation) return [];
      return [{ method: methods[key], template, open: operation.security?.length === 0, ...operation['x-clientela'] }];
    }),
  );
}

function readCommittedRoutes(service: Service): Route[] {
  try {
    return routesOf(
      JSON.parse(readFileSync(new URL(`../../services/${service}/openapi.json`, import.meta.url), 'utf8')),
    );
  } catch (cause) {
    throw new Error(`services/${service}/openapi.json is not usable; run "npm run openapi"`, { cause });
  }
}

/** The services and their routes. A route that no openapi.json declares does not exist at the gateway. */
export const readUpstreams = (config: Config): Upstream[] => [
  { service: 'auth', urls: config.AUTH_SERVICE_URL, routes: readCommittedRoutes('auth') },
  { service: 'customer', urls: config.CUSTOMER_SERVICE_URL, routes: readCommittedRoutes('customer') },
  { service: 'interaction', urls: config.INTERACTION_SERVICE_URL, routes: readCommittedRoutes('interaction') },
  { service: 'product', urls: config.PRODUCT_SERVICE_URL, routes: readCommittedRoutes('product') },
  { service: 'favorites', urls: config.FAVORITES_SERVICE_URL, routes: readCommittedRoutes('favorites') },
];
