import { Readable } from 'node:stream';
import { accessLevel, type Permission, type Peer } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound, unauthenticated, type FieldError } from '@clientela/errors';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { actorOf, type Actor, type CompanyActor } from '../identity/actor.ts';
import { jsonReader, readUpload } from './body.ts';
import { resolveActingCompany } from '../identity/acting-company.ts';
import type { CompanyClient } from '../identity/company-client.ts';
import { executeIdempotent, assertIdempotencyConfig } from '../idempotency/idempotency.ts';
import {
  acceptsIdempotencyKey,
  readIdempotencyKey,
  idempotencyScope,
  type fingerprints,
} from '../idempotency/idempotency-key.ts';
import type { createRateLimiters } from './rate-limit.ts';
import type { Reply } from './reply.ts';
import { deadlineOf, isInternal, successOf, acceptsCompany, type Route } from './route.ts';
import { sendReply } from './send.ts';
import type { createKeyedMutex } from '../idempotency/keyed-mutex.ts';
import { perform, type TransactionOptions } from './transaction.ts';
import { clientIp, requestSignal, expectedVersion } from './request.ts';
import { validate, validateParams, throwIfInvalid } from './validate.ts';

/** What a door that declares no body, or no query, takes. */
const nothing = z.strictObject({});

export type HandlerOptions = TransactionOptions & {
  /** Resolves `?company_id=`. */
  companies?: CompanyClient;
  /** This program's own, 32 bytes in base64url: what fingerprints of requests are made with. */
  secret: string;
  /** Holds every answer against its declared shape; for tests, where a wrong one is a 500. */
  validateResponses?: boolean;
};

/** What the doors of one service have in common. */
export type HandlerDeps = {
  createFingerprint: ReturnType<typeof fingerprints>;
  mutex: ReturnType<typeof createKeyedMutex>;
  rateLimiterFor: ReturnType<typeof createRateLimiters>;
};

/** One request through one door: who, may they, what do they say; then the transaction; then the answer. */
export function createRouteHandler(door: Route, options: HandlerOptions, shared: HandlerDeps): RequestHandler {
  const { db, companies } = options;
  const readBody = jsonReader(door);
  const success = successOf(door);
  const changes = door.method !== 'get';
  const honours = acceptsIdempotencyKey(door);
  const limit = shared.rateLimiterFor(door);
  assertIdempotencyConfig(door);

  return async (request, response) => {
    const { request_id, caller } = response.locals as { request_id: string; caller: Peer };
    const internal = typeof door.allow === 'object' && 'internal' in door.allow ? door.allow.internal : undefined;
    if (internal ? !internal.includes(caller) : caller !== 'gateway')
      throw forbidden('This door is not for that program');

    const caught = actorOf(request.headers, caller, request_id);
    response.locals['actor'] = caught;
    const held = checkPermission(door, caught);
    await limit(request, response);
    const params = validateParams(door.params, request.params);
    const signal = requestSignal(response, deadlineOf(door));

    const { company_id: named, ...others } = request.query;
    const acting = caught && (await resolveActingCompany(door, caught, named, companies, signal));
    const actor = acting?.actor;
    if (held) await assertOwnRecord(held, door, actor, params, db);

    const faults: FieldError[] = [];
    const key = honours && actor ? readIdempotencyKey(request.headers, faults) : undefined;
    const print = key === undefined ? undefined : shared.createFingerprint();
    const form = door.kind === 'upload' ? await readUpload(request, door, print?.update) : undefined;
    const sent = form ? form.fields : changes ? await readBody(request, response) : undefined;
    const asked = acceptsCompany(door) && caught ? others : request.query;
    const given = {
      actor,
      params,
      query: validate(door.query ?? nothing, asked, faults),
      body: changes ? validate(door.body ?? nothing, sent, faults) : undefined,
      signal,
      request_id,
      client_ip: clientIp(request),
      user_agent: request.headers['user-agent'] ?? null,
      expected_version: changes ? expectedVersion(request) : undefined,
      ...(acting?.scope && { scope: acting.scope }),
      ...(form && { upload: form.upload }),
    };
    throwIfInvalid(faults);

    let answer: Reply;
    if (print === undefined || key === undefined || !actor) answer = await perform(door, options, given);
    else {
      const slot = idempotencyScope(door, actor, params, key);
      const fingerprint = async () => {
        await form?.wholly();
        return print.digest({ query: asked, body: sent });
      };
      const once = () => executeIdempotent(door, options, { slot, given, fingerprint });
      // An upload does not wait: its bytes would.
      answer = form ? await once() : await shared.mutex(Object.values(slot).join(' '), signal, once);
    }
    const status = answer.status ?? success;
    if (options.validateResponses) assertResponse(door, status, answer);
    await sendReply(door, request, response, status, answer);
  };
}

/**
 * Whether the actor may come in at all.
 * @returns the permission that it holds for its own record only, to be looked at next
 */
function checkPermission(door: Route, actor: Actor | undefined): Permission | undefined {
  const { allow } = door;
  if (allow === 'open' || isInternal(door)) return undefined;
  if (!actor || actor.role === 'service') throw unauthenticated();
  if (allow === 'signed_in') return undefined;
  const permission = typeof allow === 'string' ? allow : 'permission' in allow ? allow.permission : undefined;
  const how = permission ? accessLevel(actor.role, permission) : 'none';
  if (how === 'any') return undefined;
  if (how === 'own' && typeof allow === 'object') return permission;
  throw forbidden(`Your role may not do this: it needs ${permission ?? 'another role'}`);
}

/** Another's record is the 404 of an unknown one. */
async function assertOwnRecord(
  held: Permission,
  door: Route,
  actor: Actor | undefined,
  params: Record<string, string>,
  db: Db,
) {
  if (typeof door.allow !== 'object' || !('own' in door.allow)) return;
  const owns = await door.allow.own({ actor: actor as CompanyActor, params, db });
  if (!owns) throw notFound(held.replace(/s?:.*/, ''));
}

/** An answer that is not what its door declares is a fault of the code. */
function assertResponse(door: Route, status: number, { body, headers }: Reply): void {
  if (door.method === 'get' && headers['ETag'] && door.conditionalGet === undefined)
    throw new Error(
      `${door.method} ${door.path} answers an ETag: say with revalidates whether If-None-Match is honoured`,
    );
  const declared = door.responses[status];
  if (declared === undefined) throw new Error(`${door.method} ${door.path} answers an undeclared ${status}`);
  if (typeof declared === 'string' || body instanceof Readable) return;
  const parsed = declared.safeParse(body);
  if (!parsed.success)
    throw new Error(`${door.method} ${door.path} answers another shape: ${JSON.stringify(parsed.error.issues)}`);
}
