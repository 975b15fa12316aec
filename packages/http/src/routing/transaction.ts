import type { Db, Tx } from '@clientela/db';
import type { Logger } from 'pino';
import { Reply } from './reply.ts';
import type { Route } from './route.ts';

export type TransactionOptions = {
  db: Db;
  /** Told after each commit; wakes the relay when the transaction published something. */
  afterCommit?: (tx: Tx) => void;
  log: Logger;
};

/** What a door is given of a request: more than is known here. */
export type Context = { request_id: string; signal: AbortSignal };

/** A transaction that is told of after its commit. */
export async function inTransaction<T>(
  { db, afterCommit }: TransactionOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  let done: Tx | undefined;
  const result = await db.transaction(async (tx) => {
    done = tx;
    return work(tx);
  });
  if (done) afterCommit?.(done);
  return result;
}

/** What a door that opens its own transactions works with, when no key was sent: the parts are done as they come. */
export const directSteps = (options: TransactionOptions): IdempotentSteps => ({
  runStep: (_part, work) => inTransaction(options, work),
  recordStep: async (_part, result) => result,
});

/**
 * How a door with transactions of its own works in parts, each of which has its effect once however often the request is repeated.
 * The names of the parts are the door's own.
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

export const prepare = async (door: Route, context: Context & { db: Db }): Promise<unknown> =>
  door.prepare?.(context as never);
export const handle = async (
  door: Route,
  context: Context & { prepared: unknown } & ({ db: Db } | { tx: Tx }),
): Promise<unknown> => door.handle(context as never);

/** What is better done at once, but is done by an event as well. */
export async function runAfterCommit(
  door: Route,
  { log }: TransactionOptions,
  given: Context,
  result: unknown,
): Promise<void> {
  await door.afterCommit?.({ ...given, result } as never).catch((error: unknown) => {
    log.warn({ request_id: given.request_id, err: error }, 'what follows the change was left to its event');
  });
}

export const asReply = (result: unknown): Reply =>
  result instanceof Reply ? result : new Reply(undefined, result, {});

/** Reads get the pool. A change runs in one transaction: the change, its history and its events hold together or not at all. */
export async function perform(door: Route, options: TransactionOptions, given: Context): Promise<Reply> {
  const { db } = options;
  const context = { ...given, prepared: await prepare(door, { ...given, db }) };
  const inOne = door.method !== 'get' && door.transaction !== 'own';
  const result = inOne
    ? await inTransaction(options, (tx) => handle(door, { ...context, tx }))
    : await handle(door, { ...context, db, ...directSteps(options) });
  await runAfterCommit(door, options, given, result);
  return asReply(result);
}
