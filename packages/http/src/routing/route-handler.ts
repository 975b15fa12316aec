import { Readable } from 'node:stream';
import type { Caller, Permission } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, lacksPermission, notFound, unauthenticated, type FieldError } from '@clientela/errors';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import {
  acceptsIdempotencyKey,
  readIdempotencyKey,
  rejectIdempotencyKey,
  idempotencyScope,
  type fingerprints,
} from '../idempotency/idempotency-key.ts';
import { executeIdempotent, assertIdempotencyConfig, type IdempotencyOptions } from '../idempotency/idempotency.ts';
import type { createKeyedMutex } from '../idempotency/keyed-mutex.ts';
import { resolveActingCompany } from '../identity/acting-company.ts';
import { accessOf, actorOf, isApiKey, type Actor, type CompanyActor } from '../identity/actor.ts';
import type { CompanyClient } from '../identity/company-client.ts';
import { jsonReader, readUpload } from './body.ts';
import { authorizedPool, type ChangeAuthorization } from './change-authorization.ts';
import { assertTimeLeft, requestSignal } from './deadline.ts';
import type { createRateLimiters } from './rate-limit.ts';
import type { Reply } from './reply.ts';
import { clientIp, expectedVersion, readCookies } from './request.ts';
import { deadlineOf, successOf, acceptsCompany, isOpenToKeys, type Route } from './route.ts';
import { sendReply } from './send.ts';
import { perform } from './transaction.ts';
import { validate, validateParams, throwIfInvalid } from './validate.ts';

/** Validates the body or query of a route that declares none. */
const noFields = z.strictObject({});

export type HandlerOptions = IdempotencyOptions & {
  /** Resolves `?company_id=`. */
  companies?: CompanyClient;
  /** The service's secret, 32 bytes in base64url. Keys the fingerprints of requests. */
  secret: string;
  /** Checks the actor of every change again, against the database. Default: the identity headers are trusted. */
  changeAuthorization?: ChangeAuthorization;
  /** Validates every response against its schema, and error codes against those declared. For tests: an invalid one is a 500. */
  validateResponses?: boolean;
};

/** Shared by all routes of a service. */
export type HandlerDeps = {
  createFingerprint: ReturnType<typeof fingerprints>;
  mutex: ReturnType<typeof createKeyedMutex>;
  rateLimiterFor: ReturnType<typeof createRateLimiters>;
};

/** Creates a route's Express handler: authenticates, authorizes, validates, runs the transaction, sends the response. */
export function createRouteHandler(definition: Route, options: HandlerOptions, deps: HandlerDeps): RequestHandler {
  const { db, companies } = options;
  const readBody = jsonReader(definition);
  const success = successOf(definition);
  const isChange = definition.method !== 'get';
  const acceptsKey = acceptsIdempotencyKey(definition);
  const limitRate = deps.rateLimiterFor(definition);
  assertIdempotencyConfig(definition);

  return async (request, response) => {
    const { request_id, callingService } = response.locals as { request_id: string; callingService: Caller };
    checkCallingService(definition, callingService);
    const signal = requestSignal(request, response, deadlineOf(definition));
    const requester = actorOf(request.headers, callingService, request_id);
    response.locals['actor'] = requester;
    const ownPermission = checkPermission(definition, requester);
    await limitRate(request, response);
    const params = validateParams(definition.params, request.params);

    const { company_id: requestedCompany, ...queryWithoutCompany } = request.query;
    const acting =
      requester && (await resolveActingCompany(definition, requester, requestedCompany, companies, signal));
    const actor = acting?.actor;
    if (ownPermission) await assertOwnRecord(ownPermission, definition, actor, params, db);

    const errors: FieldError[] = [];
    if (definition.idempotency === 'reject') rejectIdempotencyKey(request.headers, errors);
    const key = acceptsKey && actor ? readIdempotencyKey(request.headers, errors) : undefined;
    const fingerprint = key === undefined ? undefined : deps.createFingerprint();
    const hasFile = definition.kind === 'upload' || (definition.kind === 'form' && request.is('multipart/form-data'));
    const form = hasFile ? await readUpload(request, definition, fingerprint?.update) : undefined;
    const rawBody = form ? form.fields : isChange ? await readBody(request, response) : undefined;
    const rawQuery = acceptsCompany(definition) && requester ? queryWithoutCompany : request.query;
    const input = {
      actor,
      params,
      query: validate(definition.query ?? noFields, rawQuery, errors),
      body: isChange ? validate(definition.body ?? noFields, rawBody, errors) : undefined,
      signal,
      request_id,
      client_ip: clientIp(request),
      user_agent: request.headers['user-agent'] ?? null,
      accept_language: request.headers['accept-language'] ?? null,
      cookies: readCookies(request, definition.cookies),
      expected_version: isChange ? expectedVersion(request) : undefined,
      ...(acting?.scope && { scope: acting.scope }),
      ...(form && { upload: form.upload }),
    };
    throwIfInvalid(errors);
    assertTimeLeft(signal);

    const authorized = { actor, body: input.body, hasKey: key !== undefined };
    const requestOptions = { ...options, db: await authorizedPool(definition, options, authorized) };

    let reply: Reply;
    if (fingerprint === undefined || key === undefined || !actor)
      reply = await perform(definition, requestOptions, input);
    else {
      const scope = idempotencyScope(definition, actor, params, key);
      const execute = () =>
        executeIdempotent(definition, requestOptions, {
          scope,
          actor,
          params,
          input,
          fingerprint: async () => {
            await form?.drained();
            return fingerprint.digest({ query: rawQuery, body: rawBody });
          },
        });
      // Uploads bypass the mutex: to wait, they would have to be buffered.
      reply = form
        ? await execute()
        : await deps.mutex(`${scope.company_id} ${scope.request.toString('hex')}`, signal, execute);
    }
    const status = reply.status ?? success;
    if (options.validateResponses) assertResponse(definition, status, reply);
    await sendReply(definition, request, response, status, reply);
  };
}

/** @throws AppError 403 for a service that calls a public route, or an internal route that does not list it */
function checkCallingService({ allow }: Route, callingService: Caller): void {
  const isInternalRoute = typeof allow === 'object' && 'internal' in allow;
  if (isInternalRoute && !allow.internal.includes(callingService))
    throw forbidden('This internal route is not available to the calling service');
  if (!isInternalRoute && callingService !== 'gateway')
    throw forbidden('Public routes are available through the gateway only');
}

/**
 * Checks the route's permission.
 * @returns the permission when the actor has it for its own record only; `assertOwnRecord` then checks the record
 */
export function checkPermission(definition: Route, actor: Actor | undefined): Permission | undefined {
  const { allow } = definition;
  if (allow === 'open' || (typeof allow === 'object' && 'internal' in allow)) return undefined;
  if (!actor || actor.role === 'service') throw unauthenticated();
  if (isApiKey(actor) && !isOpenToKeys(definition)) throw forbidden('API keys may not use this route');
  if (allow === 'signed_in') return undefined;
  const permission = typeof allow === 'string' ? allow : allow.permission;
  const level = accessOf(actor, permission);
  if (level === 'any') return undefined;
  if (level === 'own' && typeof allow === 'object') return permission;
  throw lacksPermission(permission, isApiKey(actor) ? 'API key' : 'role');
}

/** @throws AppError 404, as for an unknown record, when the record is not the actor's own */
async function assertOwnRecord(
  permission: Permission,
  definition: Route,
  actor: Actor | undefined,
  params: Record<string, string>,
  db: Db,
) {
  if (typeof definition.allow !== 'object' || !('own' in definition.allow)) return;
  const isOwn = await definition.allow.own({ actor: actor as CompanyActor, params, db });
  if (!isOwn) throw notFound(permission.replace(/s?:.*/, ''));
}

/** @throws Error for a response that its route does not declare */
function assertResponse(definition: Route, status: number, { body, headers }: Reply): void {
  const name = `${definition.method} ${definition.path}`;
  if (definition.method === 'get' && headers['ETag'] && definition.conditionalGet === undefined)
    throw new Error(`${name} sends an ETag but does not declare conditionalGet`);
  const schema = definition.responses[status];
  if (schema === undefined) throw new Error(`${name} responds with the undeclared status ${status}`);
  if (schema === null && body === undefined) return;
  if (schema === null) throw new Error(`${name} responds with a body, but declares none`);
  if (typeof schema === 'string' || body instanceof Readable) return;
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new Error(`${name} violates its response schema: ${JSON.stringify(parsed.error.issues)}`);
}
