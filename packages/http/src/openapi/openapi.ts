import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { acceptsIdempotencyKey } from '../idempotency/idempotency-key.ts';
import {
  acceptsCompany,
  acceptsIfMatch,
  bodyLimit,
  deadlineOf,
  hasBody,
  isInternal,
  isOpenToKeys,
  withAliases,
  type MountedRoute,
  type Route,
} from '../routing/route.ts';
import { errorCodes } from './error-codes.ts';
import { paginationOf } from './pagination.ts';
import { tidySchemas } from './tidy-schemas.ts';

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
    missing: z
      .string()
      .optional()
      .meta({ description: 'The permission that the caller lacks, in a 403', examples: ['customers:create'] }),
    existing: z
      .looseObject({
        id: z.string().optional(),
        number: z.union([z.int(), z.string()]).optional().meta({ description: 'The number that people read out' }),
      })
      .optional()
      .meta({ description: 'In a 409, the record that has the unique value, where the caller may see it' }),
    mfa_token: z
      .string()
      .optional()
      .meta({ description: 'In a 401 MFA_REQUIRED, what the second step of the sign-in takes' }),
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
const headers = {
  ETag: 'Version of the record, for responses with a single record',
  'Idempotency-Replayed': 'true for a stored response',
  'Retry-After': 'Seconds to wait before the next try',
  'WWW-Authenticate': 'The challenge of RFC 6750',
  'X-Request-Id': 'Identifies the request in logs and problem documents; a well-formed one of the client is taken over',
  RateLimit: 'Remaining requests, and seconds until the window resets',
  'RateLimit-Policy': 'Quotas, and their windows in seconds',
  'X-RateLimit-Limit-Minute': 'Requests that are allowed in a minute',
  'X-RateLimit-Limit-Hour': 'Requests that are allowed in an hour',
};
type Header = keyof typeof headers;
const locationHeader = { description: 'Where the browser goes next', schema: { type: 'string' as const } };
const headerRefs = (...names: readonly Header[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }] as const));
/** Headers of every response of the gateway. */
const common = [
  'X-Request-Id',
  'RateLimit',
  'RateLimit-Policy',
  'X-RateLimit-Limit-Minute',
  'X-RateLimit-Limit-Hour',
] as const;

const problemDescriptions: Readonly<Record<string, string>> = {
  400: 'Malformed JSON, path id or request',
  401: 'Not signed in',
  403: 'Not permitted',
  404: 'Unknown, or not visible to the caller',
  408: 'The body came too slowly',
  409: 'Conflicts with the current state',
  412: 'The current version does not match If-Match',
  413: 'The body is too large',
  415: 'The media type or charset is not accepted',
  422: 'Invalid fields, all of them in `errors`',
  429: 'Too many requests',
  500: 'An unexpected error',
  502: 'A service responded with something else than HTTP',
  503: 'A service is unavailable, or busy',
  504: 'A service did not respond in time',
};
const problemHeaders = (status: string): Header[] => {
  if (status === '401') return [...common, 'WWW-Authenticate'];
  return ['429', '502', '503', '504'].includes(status) ? [...common, 'Retry-After'] : [...common];
};
const problem = { 'application/problem+json': { schema: Problem } };
const problemResponses = Object.fromEntries(
  Object.entries(problemDescriptions).map(([status, description]) => [
    `Problem${status}`,
    { description, headers: headerRefs(...problemHeaders(status)), content: problem },
  ]),
);

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
  const document = createDocument({
    openapi: '3.1.0',
    info: { title: `Clientela ${service} service`, version },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        api_key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key (clt_…), which machines send as a bearer token',
        },
      },
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
      ),
      responses: problemResponses,
    },
  });
  return tidySchemas(document);
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
  const headers = requestHeaders(definition);
  const codes = errorCodes(definition);
  const pagination = paginationOf(definition);
  return {
    operationId: operationId(definition),
    ...(definition.aliasOf !== undefined && {
      deprecated: true,
      'x-alias-of': operationId({ ...definition, path: definition.aliasOf, aliasOf: undefined }),
    }),
    summary: definition.summary,
    ...(definition.description && { description: definition.description }),
    tags: [service],
    security: securityOf(definition),
    ...((definition.params ?? query ?? headers) && {
      requestParams: {
        ...(definition.params && { path: definition.params }),
        ...(query && { query }),
        ...(headers && { header: headers }),
      },
    }),
    ...(hasBody(definition) && { requestBody: { required: true, content: requestContent(definition) } }),
    responses: { ...successResponses(definition), ...problemsOf(codes) },
    'x-permission': permissionOf(definition),
    ...(pagination && { 'x-pagination': pagination }),
    ...(acceptsIdempotencyKey(definition) && { 'x-idempotent': true }),
    'x-error-codes': [...new Set(Object.values(codes).flat())].toSorted(),
    'x-clientela': {
      kind: definition.kind ?? 'json',
      body_limit: bodyLimit(definition),
      deadline: deadlineOf(definition),
      ...(definition.maxSilence !== undefined && { max_silence: definition.maxSilence }),
      ...(definition.limited !== undefined && { limited: definition.limited }),
      ...(definition.addressRateLimit !== undefined && { address_rate_limit: definition.addressRateLimit }),
      ...(definition.cookies !== undefined && { cookies: definition.cookies }),
    },
  };
}

function securityOf(definition: Route): Record<string, string[]>[] {
  if (definition.allow === 'open') return [];
  return isOpenToKeys(definition) ? [{ bearer: [] }, { api_key: [] }] : [{ bearer: [] }];
}

function successResponses(definition: Route): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {};
  const headers = headerRefs(
    ...common,
    ...(hasETag(definition) ? (['ETag'] as const) : []),
    ...(acceptsIdempotencyKey(definition) ? (['Idempotency-Replayed'] as const) : []),
  );
  for (const [status, shape] of Object.entries(definition.responses)) {
    if (shape === null) {
      responses[status as '302'] = { description: 'Redirect', headers: { ...headers, Location: locationHeader } };
      continue;
    }
    const content =
      typeof shape === 'string'
        ? { [shape]: { schema: { type: 'string' as const } } }
        : { 'application/json': { schema: shape } };
    responses[status as '200'] = { description: 'Success', headers, content };
  }
  if (definition.conditionalGet)
    responses['304'] = {
      description: 'Not modified: If-None-Match has the current version',
      headers: headerRefs('ETag'),
    };
  return responses;
}

/** The problems of an operation by status; each description names the codes that the status does not imply. */
const problemsOf = (codes: Record<string, readonly string[]>): ZodOpenApiResponsesObject =>
  Object.fromEntries([
    ...Object.keys(codes).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }]),
    ['default', { description: 'Problem details', content: problem }],
  ]) as ZodOpenApiResponsesObject;

/** The body by media type. A form has the file beside the fields of the body. */
function requestContent({ kind, body, example }: Route) {
  const json = { schema: body ?? z.strictObject({}), ...(example && { example }) };
  if (kind !== 'upload' && kind !== 'form') return { 'application/json': json };
  return { 'multipart/form-data': { schema: formOf(body) }, ...(kind === 'form' && { 'application/json': json }) };
}

const FileForm = z.strictObject({ file: z.file() }).meta({ id: 'FileForm' });

/** The form of an upload: the fields of the body and the file, named after the body (`NewImportForm`). */
function formOf(body: z.ZodType | undefined): z.ZodObject {
  if (!(body instanceof z.ZodObject)) return FileForm;
  const form = z.strictObject({ ...body.shape, file: z.file() });
  const name = body.meta()?.id;
  return name === undefined ? form : form.meta({ id: `${name}Form` });
}

const hasETag = (definition: Route) =>
  definition.conditionalGet !== undefined || (definition.method !== 'get' && definition.method !== 'delete');

function requestHeaders(definition: Route): z.ZodObject | undefined {
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

/** The permission that a route needs, if any, and whether one's own record needs none but its `:own`. */
function permissionOf({ allow }: Route): { permission: string | null; own: boolean } {
  if (typeof allow === 'object') return { permission: 'permission' in allow ? allow.permission : null, own: true };
  return { permission: allow.includes(':') ? allow : null, own: false };
}
