import type { Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import { Readable } from 'node:stream';
import {
  reserveKey,
  deleteSteps,
  findStored,
  listStoredSteps,
  completeKey,
  type StoredResponse,
  type CompletedResponse,
  type IdempotencyScope,
} from './idempotency-store.ts';
import { responseErased, acceptsIdempotencyKey, keyReused } from './idempotency-key.ts';
import { Reply } from '../routing/reply.ts';
import { successOf, type Route } from '../routing/route.ts';
import {
  asReply,
  runAfterCommit,
  handle,
  prepare,
  type Context,
  type IdempotentSteps,
  type RebuildPart,
  type TransactionOptions,
} from '../routing/transaction.ts';

/** One request that may be repeated. */
export type IdempotentRequest = {
  scope: IdempotencyScope;
  /** Known when the whole request has been read: it reads what is left of an upload. */
  fingerprint: () => Promise<Buffer>;
  /** What the handler is given. */
  input: Context;
};

const most = 64 * 1024; // bytes of an answer that is kept whole

/** @throws Error for a definition that could not answer a repeated request as it did the first */
export function assertIdempotencyConfig(definition: Route): void {
  if (!acceptsIdempotencyKey(definition)) return;
  const name = `${definition.method} ${definition.path}`;
  if (definition.kind === 'stream') throw new Error(`${name} cannot repeat a stream: say idempotency: 'off'`);
  if ((definition.transaction === 'own') !== (definition.idempotency === 'steps'))
    throw new Error(
      `${name} has transactions of its own: say idempotency: 'steps' and use once, or idempotency: 'off'`,
    );
}

/**
 * Runs a definition for a request with an `Idempotency-Key`: once, and its first answer again for each equal one within 24 hours. The answer is
 * kept in the transaction of the effect, so that there is never one without the other; a failure keeps nothing.
 * @throws AppError 422 when the key came with another request before, 404 when the answer was erased with the person it was about
 */
export async function executeIdempotent(
  definition: Route,
  options: TransactionOptions,
  call: IdempotentRequest,
): Promise<Reply> {
  if (definition.transaction === 'own') return performParts(definition, options, call);
  const { db } = options;
  const known = await findStored(db, call.scope);
  if (known) return replayStored(definition, options, call, known);
  const prepared = await prepare(definition, { ...call.input, db });
  const { first, made } = await options.db.transaction(async (tx) => {
    // What an upload is known by may not have been read yet: it is said with the answer.
    if (!(await reserveKey(tx, call.scope, '', Buffer.of()))) return { first: await findStored(tx, call.scope) };
    const result = await handle(definition, { ...call.input, prepared, tx });
    await completeKey(tx, call.scope, '', {
      ...toStored(definition, asReply(result)),
      fingerprint: await call.fingerprint(),
    });
    return { made: { result } };
  });
  if (made) {
    await runAfterCommit(definition, options, call.input, made.result);
    return asReply(made.result);
  }
  if (!first) throw unavailable('An equal request is still at work');
  return replayStored(definition, options, call, first);
}

async function replayStored(
  definition: Route,
  { db }: TransactionOptions,
  call: IdempotentRequest,
  first: StoredResponse,
): Promise<Reply> {
  if (first.erased) throw responseErased();
  if (!first.fingerprint.equals(await call.fingerprint())) throw invalid(keyReused());
  const read = definition.rebuild?.read as ((context: object) => Promise<unknown>) | undefined;
  const built = first.reference === null ? undefined : await read?.({ ...call.input, db, reference: first.reference });
  const { body, headers } = built === undefined ? { body: first.answer, headers: first.headers } : asReply(built);
  return new Reply(first.status ?? undefined, body, { ...headers, ...replayed });
}

const replayed = { 'Idempotency-Replayed': 'true' };

function toStored(
  definition: Route,
  { status = successOf(definition), body, headers }: Reply,
): Omit<CompletedResponse, 'fingerprint'> {
  if (body instanceof Readable)
    throw new Error(`${definition.method} ${definition.path} answers a stream, which cannot be kept`);
  const reference = definition.rebuild?.reference as ((body: unknown) => string) | undefined;
  const answer = JSON.stringify(body);
  return Buffer.byteLength(answer) > most && reference
    ? { status, reference: reference(body) }
    : { status, headers, answer };
}

/** A definition in several transactions: what is kept is a row for the request, by which it is known, and one for each part. */
async function performParts(definition: Route, options: TransactionOptions, call: IdempotentRequest): Promise<Reply> {
  const { db } = options;
  const fingerprint = await call.fingerprint();
  const before = await begin(options, call.scope, fingerprint);
  if (before.some(({ part, erased }) => part === '' && erased)) throw responseErased();
  if (before.some(({ part, fingerprint: of }) => part === '' && !of.equals(fingerprint))) throw invalid(keyReused());
  let worked = false;
  const parts = keptParts(options, call.scope, before, () => {
    worked = true;
  });
  const prepared = await prepare(definition, { ...call.input, db });
  const result = await handle(definition, { ...call.input, prepared, db, ...parts });
  if (worked) await runAfterCommit(definition, options, call.input, result);
  const { status, body, headers } = asReply(result);
  return new Reply(status, body, worked ? headers : { ...headers, ...replayed });
}

/** @returns what is kept of the request already; nothing when it is the first */
async function begin(
  options: TransactionOptions,
  slot: IdempotencyScope,
  fingerprint: Buffer,
): Promise<StoredResponse[]> {
  const before = await listStoredSteps(options.db, slot);
  if (before.some(({ part }) => part === '')) return before;
  const first = await options.db.transaction(async (tx) => {
    const claimed = await reserveKey(tx, slot, '', fingerprint);
    if (claimed) await deleteSteps(tx, slot);
    return claimed;
  });
  return first ? [] : listStoredSteps(options.db, slot);
}

function keptParts(
  options: TransactionOptions,
  slot: IdempotencyScope,
  before: readonly StoredResponse[],
  worked: () => void,
): IdempotentSteps {
  const known = new Map(before.map((row) => [row.part, row]));

  const once: IdempotentSteps['runStep'] = async <R>(
    part: string,
    work: (tx: Tx) => Promise<R>,
    rebuild?: RebuildPart<R>,
  ) => {
    const row = known.get(part);
    if (row) return restored(row, rebuild);
    const { first, done } = await options.db.transaction(async (tx) => {
      if (!(await reserveKey(tx, slot, part, Buffer.of()))) return { first: await findStored(tx, slot, part) };
      const result = await work(tx);
      const answer = JSON.stringify(result);
      const long = Buffer.byteLength(answer) > most && rebuild;
      const settled = long ? { reference: rebuild.reference(result) } : { answer };
      await completeKey(tx, slot, part, { ...settled, fingerprint: Buffer.of() });
      return { done: { result } };
    });
    if (done) {
      worked();
      return done.result;
    }
    if (!first) throw unavailable('An equal request is still at work');
    return restored(first, rebuild);
  };
  return {
    runStep: once,
    recordStep: async (part, result) => (known.get(part)?.erased ? result : once(part, async () => result)),
  };
}

async function restored<R>(row: StoredResponse, rebuild: RebuildPart<R> | undefined): Promise<R> {
  if (row.erased) throw responseErased();
  return row.reference !== null && rebuild ? rebuild.read(row.reference) : (row.answer as R);
}
