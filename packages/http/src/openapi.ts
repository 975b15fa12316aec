import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { bodyLimit, deadlineOf, isInternal, takesCompany, type Route } from './route.ts';

const Problem = z
  .object({
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

/** The OpenAPI 3.1 document of a service: every route but the internal ones, with what the gateway needs to know under `x-clientela`. */
export async function openapiOf(service: string, version: string, routes: readonly Route[]): Promise<unknown> {
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
  const query = takesCompany(door) ? (door.query ?? z.strictObject({})).extend(companyParameter.shape) : door.query;
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
    ...((door.params ?? query) && {
      requestParams: { ...(door.params && { path: door.params }), ...(query && { query }) },
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
            : { description: 'Success', content: { 'application/json': { schema: shape } } },
        ]),
      ),
      default: { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } },
    },
    'x-permission': permissionOf(door),
    'x-clientela': { kind: door.kind ?? 'json', body_limit: bodyLimit(door), deadline: deadlineOf(door) },
  };
}

function permissionOf({ allow }: Route): string {
  if (typeof allow === 'string') return allow;
  return 'permission' in allow ? `${allow.permission}, or on one's own record` : '';
}
