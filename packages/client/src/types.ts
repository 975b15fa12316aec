import type { ErrorCodes } from './generated/resources.ts';
import type { operations } from './generated/schema.ts';

export type OperationId = keyof operations & keyof ErrorCodes;

type Content<R> = R extends { content: { 'application/json': infer Body } }
  ? Body
  : R extends { content: object }
    ? ReadableStream<Uint8Array>
    : never;
type Responses<Id extends OperationId> = operations[Id]['responses'];
type Request<Id extends OperationId> = operations[Id] extends { requestBody: { content: infer Bodies } }
  ? Bodies
  : never;

/** What an operation returns: its JSON, or the stream of what is not JSON. */
export type Result<Id extends OperationId> = {
  [Status in keyof Responses<Id>]: Content<Responses<Id>[Status]>;
}[keyof Responses<Id>];

/** The JSON body of an operation. */
export type Body<Id extends OperationId> = Request<Id> extends { 'application/json': infer Json } ? Json : never;
/** The fields that go with the file of an upload. */
export type Form<Id extends OperationId> =
  Request<Id> extends { 'multipart/form-data': infer Fields } ? Omit<Fields, 'file'> : never;
/** The query of an operation. */
export type Query<Id extends OperationId> = NonNullable<
  operations[Id] extends { parameters: { query?: infer Parameters } } ? Parameters : never
>;
/** The query of a list, without its place in the list. */
export type All<Id extends OperationId> = Omit<Query<Id>, 'page' | 'cursor' | 'offset'>;
/** A record of a list. */
export type Item<Id extends OperationId, Items extends string> =
  Result<Id> extends Partial<Record<Items, (infer Record)[]>> ? Record : never;

/** A promise that knows its operation, from which the error codes of a call follow. */
export interface Answer<Id extends OperationId, R = Result<Id>> extends Promise<R> {
  readonly [operation]?: Id;
}
declare const operation: unique symbol;

type CursorPage = { next_cursor: string | null };
/** A list that is read by page, or by cursor when the query has one: `''` begins. */
export type Listing<Id extends OperationId, Path extends string[], O> = {
  (...args: [...Path, query: Query<Id> & { cursor: string }, options?: O]): Answer<Id, Extract<Result<Id>, CursorPage>>;
  (
    ...args: [...Path, query?: Query<Id> & { cursor?: never }, options?: O]
  ): Answer<Id, Exclude<Result<Id>, CursorPage>>;
  (...args: [...Path, query?: Query<Id>, options?: O]): Answer<Id>;
};

/** A file to upload. A stream is sent as it is read, and can be sent only once. */
export type Upload = Blob | ReadableStream<Uint8Array>;

/** Options of every call. */
export type CallOptions = {
  /** Cancels the call, which then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
  headers?: Record<string, string> | undefined;
  /** Milliseconds that the call may take with all its repetitions; of a stream, until it begins. */
  timeout?: number | undefined;
  maxRetries?: number | undefined;
  /** Identifies the request in logs and errors: 8 to 64 of A-Z a-z 0-9 - _ */
  requestId?: string | undefined;
};

export type MoreOptions = {
  /** The company to act in, of a superuser: its UUID or its key. Default: that of the client. */
  companyId?: string | undefined;
  /** The record that the change is based on, or its ETag. When it has changed since, the call rejects with `StaleError`. */
  ifMatch?: string | { version: number } | undefined;
  /** Names the request, so that repetitions have one effect. Default: a UUID for each call. */
  idempotencyKey?: string | undefined;
  /** Is called with the bytes that were read for the upload so far. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** The name of the uploaded file. Default: that of a `File`. */
  filename?: string | undefined;
};

/** The options of a call: those of every call, and those that its operation has besides. */
export type Options<Names extends keyof MoreOptions = never> = CallOptions & Pick<MoreOptions, Names>;
