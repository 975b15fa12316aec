import { reach, type Permission, type Program } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';
import { forbidden, notFound, unauthenticated } from '@clientela/errors';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { z } from 'zod';
import { actorOf, type Actor, type CompanyActor } from './actor.ts';
import { jsonReader, readUpload } from './body.ts';
import { actingIn } from './company.ts';
import type { CompanyLookup } from './companies.ts';
import { Reply } from './reply.ts';
import { deadlineOf, isInternal, successOf, takesCompany, type Route } from './route.ts';
import { send } from './send.ts';
import { judge, judgeParams, refuse } from './validate.ts';

/** What a door that declares no body, or no query, takes. */
const nothing = z.strictObject({});

export type DoorOptions = {
  db: Db;
  /** Resolves `?company_id=`. */
  companies?: CompanyLookup;
  /** Told after each commit; wakes the relay when the transaction published something. */
  after_commit?: (tx: Tx) => void;
  log: Logger;
  /** Holds every answer against its declared shape; for tests, where a wrong one is a 500. */
  check_answers?: boolean;
};

/** One request through one door: who, may they, what do they say; then the transaction; then the answer. */
export function doorHandler(door: Route, options: DoorOptions): RequestHandler {
  const { db, companies } = options;
  const readBody = jsonReader(door);
  const success = successOf(door);
  const changes = door.method !== 'get';

  return async (request, response) => {
    const { request_id, caller } = response.locals as { request_id: string; caller: Program };
    const internal = typeof door.allow === 'object' && 'internal' in door.allow ? door.allow.internal : undefined;
    if (internal ? !internal.includes(caller) : caller !== 'gateway')
      throw forbidden('This door is not for that program');

    const caught = actorOf(request.headers, caller, request_id);
    response.locals['actor'] = caught;
    const held = permitted(door, caught);
    const params = judgeParams(door.params, request.params);
    const signal = endOf(response, deadlineOf(door));

    const { company_id: named, ...others } = request.query;
    const acting = caught && (await actingIn(door, caught, named, companies, signal));
    const actor = acting?.actor;
    if (held) await ownOnly(held, door, actor, params, db);

    const faults: { path: string; message: string }[] = [];
    const form = door.kind === 'upload' ? await readUpload(request, door) : undefined;
    const sent = form ? form.fields : changes ? await readBody(request, response) : undefined;
    const given = {
      actor,
      params,
      query: judge(door.query ?? nothing, takesCompany(door) && caught ? others : request.query, faults),
      body: changes ? judge(door.body ?? nothing, sent, faults) : undefined,
      signal,
      request_id,
      client_ip: clientIp(request),
      user_agent: request.headers['user-agent'] ?? null,
      expected_version: changes ? expectedVersion(request) : undefined,
      ...(acting?.scope && { scope: acting.scope }),
      ...(form && { upload: form.upload }),
    };
    refuse(faults);

    const prepared = await door.prepare?.({ ...given, db } as never);
    const result = await inUnitOfWork(door, options, { ...given, prepared });
    await door.after?.({ ...given, result } as never).catch((error: unknown) => {
      options.log.warn({ request_id, err: error }, 'what follows the change was left to its event');
    });
    const answer = result instanceof Reply ? result : new Reply(undefined, result, {});
    const status = answer.status ?? success;
    if (options.check_answers) holdAnswer(door, status, answer.body);
    await send(door, request, response, status, answer);
  };
}

/** Reads get the pool. A change runs in one transaction: the change, its history and its events hold together or not at all. */
async function inUnitOfWork(door: Route, { db, after_commit }: DoorOptions, context: object): Promise<unknown> {
  const handle = door.handle as (context: object) => unknown;
  if (door.method === 'get' || door.transaction === 'own') return handle({ ...context, db });
  let done: Tx | undefined;
  const result = await db.transaction(async (tx) => {
    done = tx;
    return handle({ ...context, tx });
  });
  if (done) after_commit?.(done);
  return result;
}

/**
 * Whether the actor may come in at all.
 * @returns the permission that it holds for its own record only, to be looked at next
 */
function permitted(door: Route, actor: Actor | undefined): Permission | undefined {
  const { allow } = door;
  if (allow === 'open' || isInternal(door)) return undefined;
  if (!actor || actor.role === 'service') throw unauthenticated();
  if (allow === 'signed_in') return undefined;
  const permission = typeof allow === 'string' ? allow : 'permission' in allow ? allow.permission : undefined;
  const how = permission ? reach(actor.role, permission) : 'none';
  if (how === 'any') return undefined;
  if (how === 'own' && typeof allow === 'object') return permission;
  throw forbidden(`Your role may not do this: it needs ${permission ?? 'another role'}`);
}

/** Another's record is the 404 of an unknown one. */
async function ownOnly(
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

const clientIp = (request: Request): string | null => {
  const ip = request.headers['x-client-ip'];
  return typeof ip === 'string' && ip ? ip : null;
};

/** `If-Match` on a change: one strong entity tag; `*` and none ask for nothing (RFC 9110, 13.1.1). */
function expectedVersion(request: Request): number | undefined {
  const given = request.headers['if-match'];
  if (given === undefined || given.trim() === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(given.trim())?.[1];
  // A tag that no version of ours ever had matches nothing.
  return version === undefined ? -1 : Number(version);
}

/** Aborts when the client is gone or the time is up. */
function endOf(response: Response, deadline: number): AbortSignal {
  const gone = new AbortController();
  const timer = setTimeout(() => gone.abort(), deadline);
  timer.unref();
  response.once('close', () => {
    clearTimeout(timer);
    if (!response.writableEnded) gone.abort();
  });
  return gone.signal;
}

/** An answer that is not what its door declares is a fault of the code. */
function holdAnswer(door: Route, status: number, body: unknown): void {
  const declared = door.responses[status];
  if (declared === undefined) throw new Error(`${door.method} ${door.path} answers an undeclared ${status}`);
  if (typeof declared === 'string') return;
  const parsed = declared.safeParse(body);
  if (!parsed.success)
    throw new Error(`${door.method} ${door.path} answers another shape: ${JSON.stringify(parsed.error.issues)}`);
}
