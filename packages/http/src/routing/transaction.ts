import type { Db, Tx } from '@clientela/db';
import type { Logger } from 'pino';
import { Reply } from './reply.ts';
import type { Route } from './route.ts';

export type TransactionOptions = {
  db: Db;
  log: Logger;
};

/** The handler's input, as far as this module reads it. */
export type Context = { request_id: string; signal: AbortSignal };

/** What a definition that opens its own transactions works with, when no key was sent: the parts are done as they come. */
export const directSteps = (options: TransactionOptions): IdempotentSteps => ({
  runStep: (_part, work) => options.db.transaction(work),
  recordStep: async (_part, result) => result,
});

/**
 * How a definition with transactions of its own works in parts, each of which has its effect once however often the request is repeated.
 * The names of the parts are the definition's own.
 */
export type IdempotentSteps = {
  /**
   * Runs `work` in a transaction of its own and keeps its result there; when an equal request has done this part before, it answers
   * with that one's result. A failure is not kept.
   * @param rebuild how a result of more than 64 KiB is built again
   * @throws AppError 404 when the result was erased with the person it was about
   */
  runStep: <R>(part: string, work: (tx: Tx) => Promise<R>, rebuild?: RebuildPart<NoInfer<R>>) => Promise<R>;
  /** Keeps the result of a part that has changed nothing, a refusal say. @returns the one that counts: what is kept, once it is, unless that was erased */
  recordStep: <R>(part: string, result: R) => Promise<R>;
};

export type RebuildPart<R> = { reference: (result: R) => string; read: (reference: string) => Promise<R> };

export const prepare = async (definition: Route, context: Context & { db: Db }): Promise<unknown> =>
  definition.prepare?.(context as never);
export const handle = async (
  definition: Route,
  context: Context & { prepared: unknown } & ({ db: Db } | { tx: Tx }),
): Promise<unknown> => definition.handle(context as never);

/** Runs the route's post-commit hook. Its failure is only logged, because a subscriber does the same work. */
export async function runAfterCommit(
  definition: Route,
  { log }: TransactionOptions,
  input: Context,
  result: unknown,
): Promise<void> {
  await definition.afterCommit?.({ ...input, result } as never).catch((error: unknown) => {
    log.warn({ request_id: input.request_id, err: error }, 'post-commit hook failed; the subscriber will retry');
  });
}

export const asReply = (result: unknown): Reply =>
  result instanceof Reply ? result : new Reply(undefined, result, {});

/** Runs a route without an idempotency key. Reads get `db`; a change, its history and its events share one transaction. */
export async function perform(definition: Route, options: TransactionOptions, input: Context): Promise<Reply> {
  const { db } = options;
  const context = { ...input, prepared: await prepare(definition, { ...input, db }) };
  const isOneTransaction = definition.method !== 'get' && definition.transaction !== 'own';
  const result = isOneTransaction
    ? await db.transaction((tx) => handle(definition, { ...context, tx }))
    : await handle(definition, { ...context, db, ...directSteps(options) });
  await runAfterCommit(definition, options, input, result);
  return asReply(result);
}
