import { Readable } from 'node:stream';
import { reach, type Permission, type Program } from '@clientela/contracts';
import type { Db } from '@clientela/db';
import { forbidden, notFound, unauthenticated, type FieldError } from '@clientela/errors';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { actorOf, type Actor, type CompanyActor } from './actor.ts';
import { jsonReader, readUpload } from './body.ts';
import { actingIn } from './company.ts';
import type { CompanyLookup } from './companies.ts';
import { performOnce, refuseUnrepeatable } from './idempotency.ts';
import { honoursKey, keyIn, slotOf, type fingerprints } from './idempotency-key.ts';
import type { limiters } from './rates.ts';
import type { Reply } from './reply.ts';
import { deadlineOf, isInternal, successOf, takesCompany, type Route } from './route.ts';
import { send } from './send.ts';
import type { takeTurns } from './turns.ts';
import { perform, type UnitOptions } from './unit-of-work.ts';
import { clientIp, endOf, expectedVersion } from './request.ts';
import { judge, judgeParams, refuse } from './validate.ts';

/** What a door that declares no body, or no query, takes. */
const nothing = z.strictObject({});

export type DoorOptions = UnitOptions & {
  /** Resolves `?company_id=`. */
  companies?: CompanyLookup;
  /** This program's own, 32 bytes in base64url: what fingerprints of requests are made with. */
  secret: string;
  /** Holds every answer against its declared shape; for tests, where a wrong one is a 500. */
  check_answers?: boolean;
};

/** What the doors of one service have in common. */
export type Shared = {
  fingerprint: ReturnType<typeof fingerprints>;
  in_turn: ReturnType<typeof takeTurns>;
  limited: ReturnType<typeof limiters>;
};

/** One request through one door: who, may they, what do they say; then the transaction; then the answer. */
export function doorHandler(door: Route, options: DoorOptions, shared: Shared): RequestHandler {
  const { db, companies } = options;
  const readBody = jsonReader(door);
  const success = successOf(door);
  const changes = door.method !== 'get';
  const honours = honoursKey(door);
  const limit = shared.limited(door);
  refuseUnrepeatable(door);

  return async (request, response) => {
    const { request_id, caller } = response.locals as { request_id: string; caller: Program };
    const internal = typeof door.allow === 'object' && 'internal' in door.allow ? door.allow.internal : undefined;
    if (internal ? !internal.includes(caller) : caller !== 'gateway')
      throw forbidden('This door is not for that program');

    const caught = actorOf(request.headers, caller, request_id);
    response.locals['actor'] = caught;
    const held = permitted(door, caught);
    await limit(request, response);
    const params = judgeParams(door.params, request.params);
    const signal = endOf(response, deadlineOf(door));

    const { company_id: named, ...others } = request.query;
    const acting = caught && (await actingIn(door, caught, named, companies, signal));
    const actor = acting?.actor;
    if (held) await ownOnly(held, door, actor, params, db);

    const faults: FieldError[] = [];
    const key = honours && actor ? keyIn(request.headers, faults) : undefined;
    const print = key === undefined ? undefined : shared.fingerprint();
    const form = door.kind === 'upload' ? await readUpload(request, door, print?.update) : undefined;
    const sent = form ? form.fields : changes ? await readBody(request, response) : undefined;
    const asked = takesCompany(door) && caught ? others : request.query;
    const given = {
      actor,
      params,
      query: judge(door.query ?? nothing, asked, faults),
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

    let answer: Reply;
    if (print === undefined || key === undefined || !actor) answer = await perform(door, options, given);
    else {
      const slot = slotOf(door, actor, params, key);
      const fingerprint = async () => {
        await form?.wholly();
        return print.digest({ query: asked, body: sent });
      };
      const once = () => performOnce(door, options, { slot, given, fingerprint });
      // An upload does not wait: its bytes would.
      answer = form ? await once() : await shared.in_turn(Object.values(slot).join(' '), signal, once);
    }
    const status = answer.status ?? success;
    if (options.check_answers) holdAnswer(door, status, answer);
    await send(door, request, response, status, answer);
  };
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

/** An answer that is not what its door declares is a fault of the code. */
function holdAnswer(door: Route, status: number, { body, headers }: Reply): void {
  if (door.method === 'get' && headers['ETag'] && door.revalidates === undefined)
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
