import type { Readable } from 'node:stream';
import type { Permission, Peer } from '@clientela/contracts';
import type { Db, Scope, Tx } from '@clientela/db';
import type { z } from 'zod';
import type { Actor, CompanyActor } from '../identity/actor.ts';
import type { Reply } from './reply.ts';
import type { IdempotentSteps } from './transaction.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/** `json`: a JSON body of limited size. `upload`: one multipart file, as a stream. `stream`: an answer sent as it comes. */
export type Kind = 'json' | 'upload' | 'stream';
/**
 * Which companies a door reaches. `company` (default): the one the actor acts in. `company-or-all`: the same, or every company for a
 * superuser that named none. `global`: the route finds its record by its own id and minds the company itself (auth).
 */
export type Tenancy = 'company' | 'company-or-all' | 'global';

export type Allow =
  | 'open'
  | 'signed_in'
  | Permission
  | {
      permission: Permission;
      own: (context: { actor: CompanyActor; params: Record<string, string>; db: Db }) => boolean | Promise<boolean>;
    }
  | { internal: readonly Peer[] };

export type Upload = { filename: string; mime_type: string; stream: Readable };

type ActorFor<A, R> = A extends 'open' ? undefined : R extends 'company' ? CompanyActor : Actor;
type Shape<S> = S extends z.ZodType ? z.infer<S> : undefined;
type Change<M, T> = T extends 'own' ? { db: Db } & IdempotentSteps : M extends 'get' ? { db: Db } : { tx: Tx };
type BodyOf<Result> = Result extends Reply<infer Body> ? Body : Result;

type Given<A, R, P, Q, B, K> = {
  actor: ActorFor<A, R>;
  params: Shape<P>;
  query: Shape<Q>;
  body: Shape<B>;
  /** Aborted when the client is gone or the door's deadline has passed. */
  signal: AbortSignal;
  request_id: string;
  client_ip: string | null;
  /** What the client says it is. */
  user_agent: string | null;
  /** The version an `If-Match` names; the store puts it into the UPDATE's WHERE. */
  expected_version: number | undefined;
} & (R extends 'company-or-all' ? { scope: Scope } : unknown) &
  (K extends 'upload' ? { upload: Upload } : unknown);

/** A door: everything there is to know about one method on one path. */
export type RouteDefinition<M, A, R, P, Q, B, K, T, Prepared, Result> = {
  method: M;
  /** `/api/customers/{customer_id}`; each name in braces is a key of `params`. */
  path: string;
  summary: string;
  /** Why and when, for the documentation; refinements that JSON Schema cannot say belong here. */
  description?: string;
  allow: A;
  tenancy?: R;
  kind?: K;
  params?: P;
  query?: Q;
  body?: B;
  /** Each status the handler may answer, with its shape; the only one below 300 is the default. Problems need not be listed. */
  responses: Readonly<Record<number, z.ZodType | string>>;
  /** `own`: the handler opens its transactions itself and gets `db`. A named exception; say why beside it. */
  transaction?: T;
  /**
   * How a POST honours `Idempotency-Key`: left out, its answer is kept; `by parts`, those of its own transactions are (`once`); false, not
   * at all. An open or internal door never does.
   */
  idempotency?: 'off' | 'steps';
  /** For a POST whose answer may be longer than 64 KiB: what is kept in its place, and how it is built again. */
  rebuild?: {
    reference: (body: BodyOf<NoInfer<Result>>) => string;
    /** @throws AppError 404 when it is gone */
    read: (context: Given<A, R, P, Q, B, K> & { db: Db; reference: string }) => Promise<NoInfer<Result>>;
  };
  /** The name of a rate that is counted by user, over all doors that say it. */
  rateLimit?: string;
  /** Largest body in bytes; default 1 MiB. */
  bodyLimit?: number;
  /** Milliseconds until the gateway gives up; default 10,000. */
  deadline?: number;
  /**
   * Said by every read that answers with an `ETag`: true, `If-None-Match` is honoured; false for a record whose answer can change
   * without its version.
   */
  conditionalGet?: boolean;
  /** Runs before the transaction: what must ask another service does so here. */
  prepare?: (context: Given<A, R, P, Q, B, K> & { db: Db }) => Promise<Prepared>;
  handle: (context: Given<A, R, P, Q, B, K> & Change<M, T> & { prepared: Prepared }) => Result | Promise<Result>;
  /**
   * Runs after the commit and before the answer: what is better done at once but is done by an event as well. Its failure is logged and
   * changes nothing.
   */
  afterCommit?: (context: Given<A, R, P, Q, B, K> & { result: Result }) => Promise<void>;
};

type Anything = z.ZodObject | undefined;

/** A door whose particulars have been forgotten: what mounting, documentation and tests work on. */
export type Route = Omit<
  RouteDefinition<
    Method,
    Allow,
    Tenancy,
    Anything,
    Anything,
    z.ZodType | undefined,
    Kind,
    'own' | undefined,
    unknown,
    unknown
  >,
  'handle' | 'prepare' | 'afterCommit' | 'rebuild'
> & {
  prepare?: (context: never) => Promise<unknown>;
  handle: (context: never) => unknown;
  afterCommit?: (context: never) => Promise<void>;
  rebuild?: { reference: (body: never) => string; read: (context: never) => Promise<unknown> };
};

/** Declares a door. It does not compile without a permission, and its handler sees exactly what it declares. */
export const route = <
  const M extends Method,
  const A extends Allow,
  const R extends Tenancy = 'company',
  P extends Anything = undefined,
  Q extends Anything = undefined,
  B extends z.ZodType | undefined = undefined,
  const K extends Kind = 'json',
  const T extends 'own' | undefined = undefined,
  Prepared = undefined,
  Result = unknown,
>(
  door: RouteDefinition<M, A, R, P, Q, B, K, T, Prepared, Result>,
): Route => door;

export const isInternal = (door: Route): boolean => typeof door.allow === 'object' && 'internal' in door.allow;
/** Whether a superuser may name the company it acts in by `?company_id=`. */
export const acceptsCompany = (door: Route): boolean =>
  door.allow !== 'open' && !isInternal(door) && door.tenancy !== 'global';
export const bodyLimit = (door: Route): number => door.bodyLimit ?? 1024 * 1024;
export const deadlineOf = (door: Route): number => door.deadline ?? 10_000;

/** The status of success: the only declared one below 300. */
export function successOf(door: Route): number {
  const status = Object.keys(door.responses)
    .map(Number)
    .find((code) => code < 300);
  if (status === undefined) throw new Error(`${door.method} ${door.path} declares no status of success`);
  return status;
}
