import { transactionWithin, type Db, type Tx } from '@clientela/db';
import { inSpan } from '@clientela/runtime';
import type { Logger } from 'pino';
import { assertTimeLeft, remainingTime } from './deadline.ts';
import { Reply } from './reply.ts';
import type { Route } from './route.ts';

export type TransactionOptions = {
  db: Db;
  log: Logger;
};

/** The part of the handler's input that this module reads. */
export type Context = { request_id: string; signal: AbortSignal };

/** Runs the steps of a route that opens its own transactions. Each step takes effect once, even when the request is repeated. */
export type IdempotentSteps = {
  /**
   * Runs `work` in its own transaction and stores its result there. Returns the stored result when an equal request has done the
   * step. A failure stores nothing.
   * @param step from 1; an operation has the same number in every repetition
   * @throws AppError 404 for a result that was erased with its person, 409 for one that was too long to store
   */
  runStep: <R>(step: number, work: (tx: Tx) => Promise<R>) => Promise<R>;
  /** Stores the result of a step without effect, such as a problem. @returns the step's stored result, or `result` if that was erased */
  recordStep: <R>(step: number, result: R) => Promise<R>;
};

/** Runs the steps of a request without an idempotency key: stores nothing. */
const directSteps = ({ db }: TransactionOptions, signal: AbortSignal): IdempotentSteps => ({
  runStep: (_step, work) => inTransaction(db, signal, work),
  recordStep: async (_step, result) => result,
});

export const prepare = async (definition: Route, context: Context & { db: Db }): Promise<unknown> =>
  definition.prepare && inSpan('prepare', 'internal', async () => definition.prepare?.(context as never));
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
  const { afterCommit } = definition;
  if (!afterCommit) return;
  await inSpan('after_commit', 'internal', () => afterCommit({ ...input, result } as never)).catch((error: unknown) => {
    log.warn({ request_id: input.request_id, err: error }, 'post-commit hook failed; the subscriber will retry');
  });
}

const queryCanceled = '57014'; // query_canceled

/**
 * Runs `work` in a transaction, unless the time for the request passes while it waits for a connection or works: then the caller has
 * given up, a running statement is cancelled, and nothing is changed. After a COMMIT the time no longer matters.
 */
export const inTransaction = <R>(
  db: Db,
  signal: AbortSignal,
  work: (tx: Tx) => Promise<R>,
  options?: { commitsWithLast: boolean },
): Promise<R> =>
  inSpan('transaction', 'internal', () =>
    transactionWithin(
      db,
      () => remainingTime(signal) ?? Infinity,
      async (tx) => {
        assertTimeLeft(signal);
        const result = await work(tx).catch((error: unknown) => {
          // Says nothing of the database then. A lost connection does: what became of its COMMIT is unknown.
          if ((error as { code?: unknown } | undefined)?.code === queryCanceled) assertTimeLeft(signal);
          throw error;
        });
        if (!tx.isCompleted()) assertTimeLeft(signal);
        return result;
      },
      options,
    ),
  );

export const asReply = (result: unknown): Reply =>
  result instanceof Reply ? result : new Reply(undefined, result, {});

/** Runs a route without an idempotency key. Reads get `db`; a change, its history and its events share one transaction. */
export async function perform(definition: Route, options: TransactionOptions, input: Context): Promise<Reply> {
  const { db } = options;
  const context = { ...input, prepared: await prepare(definition, { ...input, db }) };
  const isOneTransaction = definition.method !== 'get' && definition.transaction !== 'own';
  const result = isOneTransaction
    ? await inTransaction(db, input.signal, (tx) => handle(definition, { ...context, tx }), { commitsWithLast: true })
    : await handle(definition, { ...context, db, ...directSteps(options, input.signal) });
  await runAfterCommit(definition, options, input, result);
  return asReply(result);
}
