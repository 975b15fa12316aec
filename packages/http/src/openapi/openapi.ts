import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { acceptsIdempotencyKey } from '../idempotency/idempotency-key.ts';
import { bodyLimit, deadlineOf, isInternal, acceptsCompany, type Route } from '../routing/route.ts';

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
    .meta({ description: 'The company to act in, by UUID or key: for superusers, who have none of their own' }),
});

const text = z.string().optional();
const keyHeader = text.meta({
  description:
    'Makes it safe to repeat the request: for 24 hours an equal one gets the first answer again, with Idempotency-Replayed: true. ' +
    '1 to 255 visible ASCII characters; with another body it is a 422',
});
const tag = { schema: { type: 'string' as const } };
const ETag = { ...tag, description: 'The version of the record, where the answer is a single one' };
const RetryAfter = { ...tag, description: 'Seconds' };

/** The OpenAPI 3.1 document of a service: every route but the internal ones, with what the gateway needs to know under `x-clientela`. */
export async function createOpenapiDocument(
  service: string,
  version: string,
  routes: readonly Route[],
): Promise<unknown> {
  // Only when it is asked for: a service that starts need not wait for it.
  const { createDocument } = await import('zod-openapi');
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  const shown = routes
    .filter((door) => !isInternal(door))
    .toSorted((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
  for (const door of shown) (paths[door.path] ??= {})[door.method] = operation(service, door);
  return createDocument({
    openapi: '3.1.0',
    info: { title: `Clientela ${service} service`, version },
    paths,
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
  });
}

function operation(service: string, door: Route): ZodOpenApiOperationObject {
  const query = acceptsCompany(door) ? (door.query ?? z.strictObject({})).extend(companyParameter.shape) : door.query;
  const headers = headersOf(door);
  return {
    operationId: `${door.method}_${door.path
      .replaceAll(/[{}]/g, '')
      .split(/[^A-Za-z0-9]+/)
      .filter(Boolean)
      .join('_')}`,
    summary: door.summary,
    ...(door.description && { description: door.description }),
    tags: [service],
    security: door.allow === 'open' ? [] : [{ bearer: [] }],
    ...((door.params ?? query ?? headers) && {
      requestParams: {
        ...(door.params && { path: door.params }),
        ...(query && { query }),
        ...(headers && { header: headers }),
      },
    }),
    ...(door.body && {
      requestBody: {
        required: true,
        content: { [door.kind === 'upload' ? 'multipart/form-data' : 'application/json']: { schema: door.body } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(door.responses).map(([status, shape]) => [
          status,
          typeof shape === 'string'
            ? { description: 'Success', content: { [shape]: { schema: { type: 'string' as const } } } }
            : {
                description: 'Success',
                ...(answersTag(door) && { headers: answeredHeaders(door) }),
                content: { 'application/json': { schema: shape } },
              },
        ]),
      ),
      ...(door.conditionalGet && { 304: { description: 'The record is as If-None-Match says', headers: { ETag } } }),
      ...(matches(door) && {
        412: { description: 'The record has another version than If-Match says', content: problem },
      }),
      ...(door.rateLimit !== undefined && {
        429: { description: 'Too often', headers: { 'Retry-After': RetryAfter, ...rateHeaders }, content: problem },
      }),
      default: { description: 'A problem', content: problem },
    },
    'x-permission': permissionOf(door),
    'x-clientela': { kind: door.kind ?? 'json', body_limit: bodyLimit(door), deadline: deadlineOf(door) },
  };
}

const problem = { 'application/problem+json': { schema: Problem } };
const rateHeaders = {
  RateLimit: { ...tag, description: 'What is left of the rate, and the seconds until it is whole again' },
  'RateLimit-Policy': { ...tag, description: 'How often, in which seconds' },
};

const changing: ReadonlySet<string> = new Set(['put', 'patch', 'delete']);
const matches = (door: Route) => changing.has(door.method) && door.allow !== 'open';
const answersTag = (door: Route) =>
  door.conditionalGet !== undefined || (door.method !== 'get' && door.method !== 'delete');

function headersOf(door: Route): z.ZodObject | undefined {
  const headers = {
    ...(acceptsIdempotencyKey(door) && { 'Idempotency-Key': keyHeader }),
    ...(matches(door) && { 'If-Match': text.meta({ description: 'The ETag of the record as it was read' }) }),
    ...(door.conditionalGet && { 'If-None-Match': text.meta({ description: 'ETags of the record that are known' }) }),
  };
  return Object.keys(headers).length > 0 ? z.object(headers) : undefined;
}

function answeredHeaders(door: Route) {
  const replayed = { ...tag, description: 'true on an answer that is given again' };
  return {
    ETag,
    ...(acceptsIdempotencyKey(door) && { 'Idempotency-Replayed': replayed }),
    ...(door.rateLimit !== undefined && rateHeaders),
  };
}

function permissionOf({ allow }: Route): string {
  if (typeof allow === 'string') return allow;
  return 'permission' in allow ? `${allow.permission}, or on one's own record` : '';
}
