import { Readable } from 'node:stream';
import type { Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import type { Actor } from '../identity/actor.ts';
import { Reply } from '../routing/reply.ts';
import { successOf, type Route } from '../routing/route.ts';
import {
  asReply,
  handle,
  inTransaction,
  prepare,
  runAfterCommit,
  type Context,
  type IdempotentSteps,
  type TransactionOptions,
} from '../routing/transaction.ts';
import { acceptsIdempotencyKey, keyReused, responseErased, responseTooLong } from './idempotency-key.ts';
import {
  completeKey,
  listStored,
  reserveKey,
  type IdempotencyScope,
  type StoredResponse,
} from './idempotency-store.ts';
import { collectSubjectIds } from './subject-ids.ts';

/** A request with an `Idempotency-Key`. */
export type IdempotentRequest = {
  scope: IdempotencyScope;
  actor: Actor;
  params: Record<string, string>;
  /** Computes the request's fingerprint, after reading an upload to its end. */
  fingerprint: () => Promise<Buffer>;
  /** The handler's input. */
  input: Context;
};

export type IdempotencyOptions = TransactionOptions & {
  /** The names of path parameters and response fields that hold a customer number. */
  customerNumberFields?: readonly string[];
};

const maxResponseSize = 1024 * 1024; // bytes, as a body
const wholeRequest = 0; // step number of the request itself
const replayed = { 'Idempotency-Replayed': 'true' };

/** @throws Error for a route whose response cannot be replayed */
export function assertIdempotencyConfig(definition: Route): void {
  if (!acceptsIdempotencyKey(definition)) return;
  const name = `${definition.method} ${definition.path}`;
  if (definition.kind === 'stream') throw new Error(`${name} streams its response: set idempotency: 'off'`);
  if ((definition.transaction === 'own') !== (definition.idempotency === 'steps'))
    throw new Error(
      `${name} needs both transaction: 'own' and idempotency: 'steps', with runStep, or idempotency: 'off'`,
    );
}

/**
 * Runs a route once per `Idempotency-Key` and replays its response to equal requests for 24 hours. The response is stored in the
 * transaction of the effect. A failure stores nothing.
 * @throws AppError 422 when the key was used with another request, 404 when the response was erased with the person it was about
 */
export async function executeIdempotent(
  definition: Route,
  options: IdempotencyOptions,
  request: IdempotentRequest,
): Promise<Reply> {
  const { db } = options;
  const hasSteps = definition.transaction === 'own';
  const stored = await listStored(db, request.scope);
  const storedRequest = stored.find(({ step }) => step === wholeRequest);
  const storedReply = storedRequest && replay(storedRequest, await request.fingerprint());
  if (storedReply && !hasSteps) return storedReply;
  const prepared = await prepare(definition, { ...request.input, db });
  const context = { ...request.input, prepared };

  if (!hasSteps) {
    let result: unknown;
    const { reply, isReplay } = await runOnce(options, request, wholeRequest, async (tx) => {
      result = await handle(definition, { ...context, tx });
      const { status = successOf(definition), body, headers } = asReply(result);
      return new Reply(status, body, headers);
    });
    if (!isReplay) await runAfterCommit(definition, options, request.input, result);
    return reply;
  }
  // Stored before the first step, so that the key belongs to this request. The response is put together from the steps.
  if (!storedRequest) await runOnce(options, request, wholeRequest, async () => asReply({}));
  const { steps, hasExecuted } = idempotentSteps(options, request, stored);
  const result = await handle(definition, { ...context, db, ...steps });
  if (hasExecuted()) await runAfterCommit(definition, options, request.input, result);
  const { status, body, headers } = asReply(result);
  return new Reply(status, body, hasExecuted() ? headers : { ...headers, ...replayed });
}

/** Runs `work` and stores its reply in one transaction, unless an equal request has stored one; then replays that. */
async function runOnce(
  options: IdempotencyOptions,
  request: IdempotentRequest,
  step: number,
  work: (tx: Tx) => Promise<Reply>,
): Promise<{ reply: Reply; isReplay: boolean }> {
  const reply = await inTransaction(options.db, request.input.signal, async (tx) => {
    if (!(await reserveKey(tx, request.scope, step))) return undefined;
    const newReply = await work(tx);
    await storeReply(tx, options, request, step, newReply);
    return newReply;
  });
  if (reply) return { reply, isReplay: false };
  const stored = (await listStored(options.db, request.scope)).find((row) => row.step === step);
  if (!stored) throw unavailable('An equal request is still in progress');
  return { reply: replay(stored, await request.fingerprint()), isReplay: true };
}

async function storeReply(
  tx: Tx,
  { customerNumberFields = ['customer_number'] }: IdempotencyOptions,
  { scope, actor, params, fingerprint }: IdempotentRequest,
  step: number,
  { status, headers, body }: Reply,
): Promise<void> {
  if (body instanceof Readable) throw new Error('A streamed response cannot be stored');
  const response = JSON.stringify(body);
  await completeKey(tx, scope, step, {
    fingerprint: await fingerprint(),
    status,
    headers,
    response: Buffer.byteLength(response) > maxResponseSize ? null : response,
    subject_ids: collectSubjectIds({ actor_id: actor.id, params, headers, body }, customerNumberFields),
  });
}

/** @throws AppError 404 for a redacted response, 422 for another request under the key, 409 for a response that was too long to store */
function replay(stored: StoredResponse, fingerprint: Buffer): Reply {
  if (stored.redacted) throw responseErased();
  if (!stored.fingerprint.equals(fingerprint)) throw invalid(keyReused());
  if (stored.response === null) throw responseTooLong();
  return new Reply(stored.status ?? undefined, stored.response, { ...stored.headers, ...replayed });
}

function idempotentSteps(
  options: IdempotencyOptions,
  request: IdempotentRequest,
  stored: readonly StoredResponse[],
): { steps: IdempotentSteps; hasExecuted: () => boolean } {
  const storedByStep = new Map(stored.map((row) => [row.step, row]));
  let executed = false;

  const runStep: IdempotentSteps['runStep'] = async <R>(step: number, work: (tx: Tx) => Promise<R>) => {
    const row = storedByStep.get(step);
    if (row) return replay(row, await request.fingerprint()).body as R;
    const { reply, isReplay } = await runOnce(options, request, step, async (tx) => new Reply(200, await work(tx), {}));
    executed ||= !isReplay;
    return reply.body as R;
  };
  const recordStep: IdempotentSteps['recordStep'] = async (step, result) => {
    const row = storedByStep.get(step);
    const isUnreplayable = row && (row.redacted || row.response === null);
    return isUnreplayable ? result : runStep(step, async () => result);
  };
  return { steps: { runStep, recordStep }, hasExecuted: () => executed };
}
