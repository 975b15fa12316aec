import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { acceptsIdempotencyKey } from '../idempotency/idempotency-key.ts';
import {
  acceptsCompany,
  bodyLimit,
  deadlineOf,
  isInternal,
  withAliases,
  type MountedRoute,
  type Route,
} from '../routing/route.ts';

export const Problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    error_code: z.string(),
    timestamp: z.iso.datetime(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details' });

const companyParameter = z.strictObject({
  company_id: z
    .string()
    .optional()
    .meta({ description: 'UUID or key of the company to act in. For superusers, who belong to no company' }),
});

const optionalString = z.string().optional();
const keyHeader = optionalString.meta({
  description:
    'Makes the request safe to retry: for 24 hours an equal request gets the stored response, with Idempotency-Replayed: true. ' +
    '1 to 255 visible ASCII characters. 422 when the key was used with another request',
});
const stringHeader = { schema: { type: 'string' as const } };
const ETag = { ...stringHeader, description: 'Version of the record, for responses with a single record' };
const RetryAfter = { ...stringHeader, description: 'Seconds' };

/**
 * Creates the OpenAPI 3.1 document of a service: all routes but the internal ones, each alias as a deprecated operation of its own.
 * `x-clientela` holds what the gateway needs.
 */
export async function createOpenapiDocument(
  service: string,
  version: string,
  routes: readonly Route[],
): Promise<unknown> {
  // Imported lazily to keep the start of a service fast.
  const { createDocument } = await import('zod-openapi');
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  const publicRoutes = withAliases(routes)
    .filter((definition) => !isInternal(definition))
    .toSorted((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
  for (const definition of publicRoutes)
    (paths[definition.path] ??= {})[definition.method] = createOperation(service, definition);
  return createDocument({
    openapi: '3.1.0',
    info: { title: `Clientela ${service} service`, version },
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  });
}

const inSnakeCase = (path: string) =>
  path
    .replaceAll(/[{}]/g, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .join('_');

/** Names an alias after its route and its own path: `auth.login.api_v1_auth_login`. */
const operationId = ({ operation, method, path, aliasOf }: MountedRoute) => {
  const name = operation ?? `${method}_${inSnakeCase(aliasOf ?? path)}`;
  return aliasOf === undefined ? name : `${name}.${inSnakeCase(path)}`;
};

function createOperation(service: string, definition: MountedRoute): ZodOpenApiOperationObject {
  const query = acceptsCompany(definition)
    ? (definition.query ?? z.strictObject({})).extend(companyParameter.shape)
    : definition.query;
  const headers = headersOf(definition);
  const { body } = definition;
  return {
    operationId: operationId(definition),
    ...(definition.aliasOf !== undefined && {
      deprecated: true,
      'x-alias-of': operationId({ ...definition, path: definition.aliasOf, aliasOf: undefined }),
    }),
    summary: definition.summary,
    ...(definition.description && { description: definition.description }),
    tags: [service],
    security: definition.allow === 'open' ? [] : [{ bearer: [] }],
    ...((definition.params ?? query ?? headers) && {
      requestParams: {
        ...(definition.params && { path: definition.params }),
        ...(query && { query }),
        ...(headers && { header: headers }),
      },
    }),
    ...(body && {
      requestBody: {
        required: true,
        content: Object.fromEntries(mediaTypesOf(definition).map((type) => [type, { schema: body }])),
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(definition.responses).map(([status, shape]) => [
          status,
          typeof shape === 'string'
            ? { description: 'Success', content: { [shape]: { schema: { type: 'string' as const } } } }
            : {
                description: 'Success',
                ...(hasETag(definition) && { headers: responseHeaders(definition) }),
                content: { 'application/json': { schema: shape } },
              },
        ]),
      ),
      ...(definition.conditionalGet && {
        304: { description: 'Not modified: If-None-Match has the current version', headers: { ETag } },
      }),
      ...(acceptsIfMatch(definition) && {
        412: { description: 'The current version does not match If-Match', content: problem },
      }),
      ...(definition.rateLimit !== undefined && {
        429: {
          description: 'Rate limit exceeded',
          headers: { 'Retry-After': RetryAfter, ...rateHeaders },
          content: problem,
        },
      }),
      default: { description: 'Problem details', content: problem },
    },
    'x-permission': permissionOf(definition),
    'x-clientela': {
      kind: definition.kind ?? 'json',
      body_limit: bodyLimit(definition),
      deadline: deadlineOf(definition),
      ...(definition.maxSilence !== undefined && { max_silence: definition.maxSilence }),
      ...(definition.addressRateLimit !== undefined && { address_rate_limit: definition.addressRateLimit }),
    },
  };
}

const mediaTypesOf = ({ kind }: Route): string[] => [
  ...(kind === 'upload' || kind === 'form' ? ['multipart/form-data'] : []),
  ...(kind === 'upload' ? [] : ['application/json']),
];

const problem = { 'application/problem+json': { schema: Problem } };
const rateHeaders = {
  RateLimit: { ...stringHeader, description: 'Remaining requests, and seconds until the window resets' },
  'RateLimit-Policy': { ...stringHeader, description: 'Quota, and window in seconds' },
};

const changeMethods: ReadonlySet<string> = new Set(['put', 'patch', 'delete']);
const acceptsIfMatch = (definition: Route) => changeMethods.has(definition.method) && definition.allow !== 'open';
const hasETag = (definition: Route) =>
  definition.conditionalGet !== undefined || (definition.method !== 'get' && definition.method !== 'delete');

function headersOf(definition: Route): z.ZodObject | undefined {
  const headers = {
    ...(acceptsIdempotencyKey(definition) && { 'Idempotency-Key': keyHeader }),
    ...(acceptsIfMatch(definition) && {
      'If-Match': optionalString.meta({ description: 'ETag of the version that the change is based on' }),
    }),
    ...(definition.conditionalGet && {
      'If-None-Match': optionalString.meta({ description: 'ETags of cached versions' }),
    }),
  };
  return Object.keys(headers).length > 0 ? z.object(headers) : undefined;
}

function responseHeaders(definition: Route) {
  const replayed = { ...stringHeader, description: 'true for a stored response' };
  return {
    ETag,
    ...(acceptsIdempotencyKey(definition) && { 'Idempotency-Replayed': replayed }),
    ...(definition.rateLimit !== undefined && rateHeaders),
  };
}

function permissionOf({ allow }: Route): string {
  if (typeof allow === 'string') return allow;
  return 'permission' in allow ? `${allow.permission}, or on one's own record` : '';
}
