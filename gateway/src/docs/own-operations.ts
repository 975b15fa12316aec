const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
});
const text = { type: 'string' };
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const problem = { 'application/problem+json': { schema: ref('Problem') } };
const object = (properties: Record<string, object>) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const states = { type: 'object', additionalProperties: { type: 'string', enum: ['up', 'down'] } };

/** Schemas of the gateway's own responses. */
export const ownSchemas = {
  GatewayInfo: object({ message: text, service: text, version: text, docs_url: text }),
  GatewayHealth: object({ status: { type: 'string', enum: ['healthy'] }, service: text, version: text }),
  GatewayReadiness: object({
    status: { type: 'string', enum: ['ready', 'degraded', 'starting', 'draining'] },
    service: text,
    version: text,
    services: states,
    dependencies: states,
  }),
  OpenApiDocument: { type: 'object', description: 'OpenAPI 3.1' },
};

type OwnOperation = {
  operationId: string;
  summary: string;
  description?: string;
  parameters?: object[];
  responses: Record<string, object>;
  /** Of an operation that is not open. */
  security?: object[];
  'x-error-codes'?: string[];
};

const page = (operationId: string, summary: string): OwnOperation => ({
  operationId,
  summary,
  responses: { 200: { description: 'A page', content: { 'text/html': { schema: text } } } },
});

const operations: Record<string, OwnOperation> = {
  '/': {
    operationId: 'gateway.get',
    summary: 'Get name and version',
    responses: { 200: json('Success', ref('GatewayInfo')) },
  },
  '/health': {
    operationId: 'gateway.health.get',
    summary: 'Find out whether the gateway runs',
    responses: { 200: json('It runs', ref('GatewayHealth')) },
  },
  '/ready': {
    operationId: 'gateway.readiness.get',
    summary: 'Find out whether the gateway can serve requests',
    parameters: [
      {
        name: 'all',
        in: 'query',
        description: '1: 503 also while a service is down',
        schema: { type: 'string', enum: ['1'] },
      },
    ],
    responses: {
      200: json('It can', ref('GatewayReadiness')),
      503: {
        ...json('It starts, drains or has no keys', ref('GatewayReadiness')),
        headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
      },
    },
  },
  '/metrics': {
    operationId: 'gateway.metrics.get',
    summary: 'Get the metrics of the gateway for Prometheus',
    description: 'With `Authorization: Bearer` and METRICS_TOKEN; 404 while that is not set.',
    responses: {
      200: { description: 'Success', content: { 'text/plain': { schema: text } } },
      401: { description: 'Another token, or none', content: problem },
    },
    security: [{ bearer: [] }],
    'x-error-codes': ['INTERNAL_ERROR', 'MALFORMED_REQUEST', 'NOT_FOUND', 'UNAUTHENTICATED'],
  },
  '/openapi.json': {
    operationId: 'gateway.openapi.get',
    summary: 'Get this document',
    responses: {
      200: json('Success', ref('OpenApiDocument')),
      304: { description: 'Not modified: If-None-Match has the current ETag' },
    },
  },
  '/docs': page('gateway.docs.get', 'Try the API in Swagger UI'),
  '/redoc': page('gateway.redoc.get', 'Read the API in ReDoc'),
};

/** The routes that the gateway serves itself, as the document describes them: open, and without limits. */
export const ownPaths = Object.fromEntries(
  Object.entries(operations).map(([path, operation]) => [
    path,
    {
      get: {
        security: [],
        'x-error-codes': ['INTERNAL_ERROR', 'MALFORMED_REQUEST'],
        ...operation,
        responses: {
          ...operation.responses,
          400: { description: 'Malformed request', content: problem },
          default: { description: 'Problem details', content: problem },
        },
        tags: ['gateway'],
        'x-permission': { permission: null, own: false },
      },
    },
  ]),
);
