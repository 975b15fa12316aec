import type { Readable } from 'node:stream';
import { isForKeys, type Caller, type Permission, type TokenLimit } from '@clientela/contracts';
import type { Db, ExpectedVersion, Scope, Tx } from '@clientela/db';
import type { z } from 'zod';
import type { Actor, CompanyActor } from '../identity/actor.ts';
import type { IdempotentSteps } from './transaction.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
/**
 * `json`: a JSON body of limited size. `upload`: one multipart file as a stream. `form`: either of them. `stream`: a streamed response.
 */
export type Kind = 'json' | 'upload' | 'form' | 'stream';
/**
 * The companies that a route can access. `company` (default): the one that the actor acts in. `company-or-all`: the same, or every
 * company for a superuser that names none. `global`: the route checks the company itself (auth).
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
  | { internal: readonly Caller[] };

export type Upload = { filename: string; mime_type: string; stream: Readable };
/** An uploaded file whose form may have further fields behind it. The route's `body` has those before it. */
export type FormUpload = Upload & {
  /** The length of the whole body in bytes; undefined when the client does not say it. */
  content_length: number | undefined;
  /** Resolves with all fields once the file and the rest of the form have been read. */
  fields: () => Promise<Record<string, string>>;
};

type ActorFor<A, R> = A extends 'open' ? undefined : R extends 'company' ? CompanyActor : Actor;
type Shape<S> = S extends z.ZodType ? z.infer<S> : undefined;
type Change<M, T> = T extends 'own' ? { db: Db } & IdempotentSteps : M extends 'get' ? { db: Db } : { tx: Tx };

type RouteInput<A, R, P, Q, B, K> = {
  actor: ActorFor<A, R>;
  params: Shape<P>;
  query: Shape<Q>;
  body: Shape<B>;
  /** Aborts when the client disconnects or the route's deadline has passed. */
  signal: AbortSignal;
  request_id: string;
  client_ip: string | null;
  /** The `User-Agent` header. */
  user_agent: string | null;
  /** The `Accept-Language` header. */
  accept_language: string | null;
  /** The cookies that the route declares and the client sent, by name. */
  cookies: Readonly<Record<string, string>>;
  /** The versions of `If-Match`, one of which must be current: see `requireVersion`. */
  expected_version: ExpectedVersion;
} & (R extends 'company-or-all' ? { scope: Scope } : unknown) &
  (K extends 'upload' ? { upload: Upload } : K extends 'form' ? { upload: FormUpload | undefined } : unknown);

/** Everything about one method on one path: documentation, access, validation and handler. */
export type RouteDefinition<M, A, R, P, Q, B, K, T, Prepared, Result> = {
  method: M;
  /** `/api/customers/{customer_id}`: each name in braces is a key of `params`. */
  path: string;
  /** Further paths of the same route, with the same parameters: those that legacy clients call. */
  aliases?: readonly string[];
  /**
   * The operationId, `<resource>.<verb>`: `customers.tags.add`. Generated clients call it so; it never changes. Required, but for
   * internal routes.
   */
  operation?: string;
  summary: string;
  /** For the documentation: purpose, and constraints that JSON Schema cannot express. */
  description?: string;
  allow: A;
  /** The limits of tokens with which the route is open too. Tokens without a limit are admitted everywhere. */
  limited?: readonly TokenLimit[];
  /**
   * Whether API keys may use the route. By default they may when it needs a permission that is not for people only, and not when it is
   * merely `signed_in`.
   */
  apiKeys?: boolean;
  tenancy?: R;
  kind?: K;
  params?: P;
  query?: Q;
  body?: B;
  /** A body for the documentation, which the route accepts. */
  example?: object;
  /** The response schema by status, null for no body. The only status below 400 is the default. Problems are not listed. */
  responses: Readonly<Record<number, z.ZodType | string | null>>;
  /** The error codes by status that do not follow from the declaration: `{ 409: ['CUSTOMER_EMAIL_TAKEN'] }`. */
  errors?: Readonly<Record<number, readonly string[]>>;
  /** `own`: the handler opens its transactions itself and gets `db`. An exception that needs a comment with its reason. */
  transaction?: T;
  /**
   * How a POST handles `Idempotency-Key`. By default its response is stored; with `steps` the results of its own transactions are
   * (`runStep`); with `off` the header is ignored, with `reject` it is a 422. Open and internal routes and other methods ignore it,
   * unless it is `on` or `reject`.
   */
  idempotency?: 'off' | 'on' | 'steps' | 'reject';
  /** The name of a rate limit per user. Routes with the same name share it. */
  rateLimit?: string;
  /**
   * The name of a rate limit per client address, which the gateway enforces: `login` for routes that accept a password or a token,
   * `forgot_password` for those that also have a limit per hour, because they send mails.
   */
  addressRateLimit?: 'login' | 'forgot_password';
  /** The cookies that the gateway passes to the route, and back. It drops all others, on every route. */
  cookies?: readonly string[];
  /** Maximum body size in bytes. Default 1 MiB. The JSON body of a `form` has at most 1 MiB. */
  bodyLimit?: number;
  /** Logs successful requests at level debug, for a route that is polled. */
  isPolled?: true;
  /** Receives events, which may be handled hours after their cause: their trace goes on without a parent. */
  receivesEvents?: true;
  /** Milliseconds until the gateway responds 504. Default 10,000. */
  deadline?: number;
  /**
   * Milliseconds until the gateway responds 504 earlier, unless the service has meanwhile responded to another request of this route.
   * For work that waits in a queue: a busy service has until the deadline, one that hangs does not.
   */
  maxSilence?: number;
  /**
   * Required for reads with an `ETag`. True: `If-None-Match` is evaluated. False: the response can change without the record's
   * version.
   */
  conditionalGet?: boolean;
  /** Runs before the transaction. Calls to other services belong here. */
  prepare?: (context: RouteInput<A, R, P, Q, B, K> & { db: Db }) => Promise<Prepared>;
  handle: (context: RouteInput<A, R, P, Q, B, K> & Change<M, T> & { prepared: Prepared }) => Result | Promise<Result>;
  /**
   * Runs after the commit, before the response: work that a subscriber also does, so that it takes effect at once. Its failure is only
   * logged.
   */
  afterCommit?: (context: RouteInput<A, R, P, Q, B, K> & { result: Result }) => Promise<void>;
};

type AnyObject = z.ZodObject | undefined;

/** A route with its generic parameters erased, as mounting, documentation and tests use it. */
export type Route = Omit<
  RouteDefinition<
    Method,
    Allow,
    Tenancy,
    AnyObject,
    AnyObject,
    z.ZodType | undefined,
    Kind,
    'own' | undefined,
    unknown,
    unknown
  >,
  'handle' | 'prepare' | 'afterCommit'
> & {
  prepare?: (context: never) => Promise<unknown>;
  handle: (context: never) => unknown;
  afterCommit?: (context: never) => Promise<void>;
};

/** A route that is part of the API has a name there. */
type Named<A> = A extends { internal: readonly Caller[] } ? unknown : { operation: string };

/** Declares a route. `allow` is required, and the handler's input is typed by the declaration. */
export const route = <
  const M extends Method,
  const A extends Allow,
  const R extends Tenancy = 'company',
  P extends AnyObject = undefined,
  Q extends AnyObject = undefined,
  B extends z.ZodType | undefined = undefined,
  const K extends Kind = 'json',
  const T extends 'own' | undefined = undefined,
  Prepared = undefined,
  Result = unknown,
>(
  definition: RouteDefinition<M, A, R, P, Q, B, K, T, Prepared, Result> & Named<A>,
): Route => definition;

/** A route under one of its paths. `aliasOf` is its own path, when it is mounted under an alias. */
export type MountedRoute = Route & { aliasOf?: string | undefined };

const parametersOf = (path: string) => (path.match(/\{\w+\}/g) ?? []).toSorted().join();

/**
 * Lists each route once per path.
 * @throws Error for an alias with other parameters than its route
 */
export const withAliases = (routes: readonly Route[]): MountedRoute[] =>
  routes.flatMap(({ aliases = [], ...definition }) => [
    definition,
    ...aliases.map((path) => {
      if (parametersOf(path) !== parametersOf(definition.path))
        throw new Error(`The alias ${path} has other parameters than ${definition.path}`);
      return Object.assign({}, definition, { path, aliasOf: definition.path });
    }),
  ]);

export const isInternal = (definition: Route): boolean =>
  typeof definition.allow === 'object' && 'internal' in definition.allow;
/** Whether API keys may use a route that is not open. */
export function isOpenToKeys({ allow, apiKeys }: Route): boolean {
  if (allow === 'open' || allow === 'signed_in') return apiKeys ?? false;
  if (typeof allow === 'object' && 'internal' in allow) return false;
  return isForKeys(typeof allow === 'string' ? allow : allow.permission) && (apiKeys ?? true);
}
/** Whether the route accepts `?company_id=`, by which a superuser names the company to act in. */
export const acceptsCompany = (definition: Route): boolean =>
  definition.allow !== 'open' && !isInternal(definition) && definition.tenancy !== 'global';
const changeMethods: ReadonlySet<string> = new Set(['put', 'patch', 'delete']);
/** Whether the route evaluates `If-Match`. */
export const acceptsIfMatch = (definition: Route): boolean =>
  changeMethods.has(definition.method) && definition.allow !== 'open';
export const hasBody = ({ body, kind }: Route): boolean => body !== undefined || kind === 'upload' || kind === 'form';
export const defaultBodyLimit = 1024 * 1024; // bytes
export const bodyLimit = (definition: Route): number => definition.bodyLimit ?? defaultBodyLimit;
export const deadlineOf = (definition: Route): number => definition.deadline ?? 10_000;

/** Finds the success status: the only declared one below 400. */
export function successOf(definition: Route): number {
  const status = Object.keys(definition.responses)
    .map(Number)
    .find((code) => code < 400);
  if (status === undefined) throw new Error(`${definition.method} ${definition.path} declares no success status`);
  return status;
}
