import type { EventData, Envelope, EventContract } from '@clientela/contracts';
import { execute, transactionWithin, type Db, type NamedStatement, type Tx } from '@clientela/db';
import { invalid, unavailable } from '@clientela/errors';
import { eitherSignal, timeoutSignal } from '@clientela/http';
import { createConcurrencyLimiter } from '@clientela/runtime';

export type EventOf<E extends EventContract> = Omit<Envelope, 'data'> & { data: EventData<E> };

export type Subscription = {
  contract: EventContract;
  prepare?: (event: Envelope, context: PrepareContext) => Promise<unknown>;
  handler: (tx: Tx, event: Envelope, prepared: unknown) => Promise<void>;
  /** Handles consecutive events of an array at once, instead of `handler`. Several subscriptions may share it. */
  handleAll?: (tx: Tx, events: readonly Envelope[]) => Promise<void>;
};

type PrepareContext = { signal: AbortSignal };

/**
 * Subscribes a handler to an event. The handler runs in the transaction that records the event as processed, so its effect happens once.
 * @param options.prepare runs before the transaction, for calls to other services. Its result may be older than the effect of a later
 * event, so the handler compares sequences.
 */
export const subscribe = <E extends EventContract, Prepared = undefined>(
  contract: E,
  handler: (tx: Tx, event: EventOf<E>, prepared: Prepared) => Promise<void>,
  { prepare }: { prepare?: (event: EventOf<E>, context: PrepareContext) => Promise<Prepared> } = {},
): Subscription => ({
  contract,
  ...(prepare && { prepare: async (event, context) => prepare(parseEvent(contract, event), context) }),
  handler: (tx, event, prepared) => handler(tx, parseEvent(contract, event), prepared as Prepared),
});

/** Subscribes one handler to several events: it gets those of an array together, in their order, and may write them in one statement. */
export const subscribeAll = <E extends EventContract>(
  contracts: readonly E[],
  handler: (tx: Tx, events: readonly { contract: E; event: EventOf<E> }[]) => Promise<void>,
): Subscription[] => {
  const byName = new Map(contracts.map((contract) => [contract.name, contract]));
  const handleAll = (tx: Tx, events: readonly Envelope[]) =>
    handler(
      tx,
      events.flatMap((event) => {
        const contract = byName.get(event.name);
        return contract ? [{ contract, event: parseEvent(contract, event) }] : [];
      }),
    );
  return contracts.map((contract) => ({ contract, handler: (tx, event) => handleAll(tx, [event]), handleAll }));
};

function parseEvent<E extends EventContract>(contract: E, event: Envelope): EventOf<E> {
  const data = contract.data.safeParse(event.data);
  if (!data.success) throw invalid([{ path: 'data', message: `does not match the contract of ${contract.name}` }]);
  return { ...event, data: data.data as EventData<E> };
}

/**
 * Runs the handlers of events in one transaction of their own, in the order of the events. Several events must be handled in time; a
 * single one may take the time of its calls and statements.
 * @param arrayTimeout milliseconds for the calls and the transaction of several events; default as long as a publisher waits over HTTP
 * @returns the events that were not processed before
 */
export async function consume(
  db: Db,
  subscriptions: readonly Subscription[],
  events: readonly Envelope[],
  signal: AbortSignal,
  arrayTimeout = 2000,
): Promise<Envelope[]> {
  const isArray = events.length > 1;
  const end = isArray ? performance.now() + arrayTimeout : Infinity;
  const timeLeft = () => end - performance.now();
  const prepared = await prepareEvents(db, subscriptions, events, {
    signal: isArray ? timeoutSignal(arrayTimeout, signal) : signal,
  });
  return prepared.length > 0 ? transactionWithin(db, timeLeft, (tx) => consumeOnce(tx, prepared, timeLeft)) : [];
}

/** An event with its subscriptions and the results of their `prepare`. */
export type PreparedEvent = { event: Envelope; handlers: readonly PreparedSubscription[] };
type PreparedSubscription = { subscription: Subscription; prepared: unknown };

const maxConcurrentPreparations = 4; // each may call another service

const findProcessed: NamedStatement = {
  name: 'find_processed_events',
  text: 'select event_id from inbox_events where event_id = any($1::uuid[])',
};

/**
 * Runs `prepare` of every subscription to each event. The first failure aborts the others. @returns the events without those that need preparation and were processed before
 * @throws AppError 422 for an event this service does not subscribe to, so that the publisher keeps it
 */
export async function prepareEvents(
  db: Db,
  subscriptions: readonly Subscription[],
  events: readonly Envelope[],
  context: PrepareContext,
): Promise<PreparedEvent[]> {
  const matching = events.map((event) => subscriptions.filter(({ contract }) => contract.name === event.name));
  if (matching.some(({ length }) => length === 0))
    throw invalid([{ path: 'name', message: 'is not an event this service subscribes to' }]);
  const needsPreparation = events.filter((_event, index) => matching[index]?.some(({ prepare }) => prepare));
  const processed = new Set<string>();
  if (needsPreparation.length > 0)
    for (const { event_id } of await execute<{ event_id: string }>(db, findProcessed, [
      needsPreparation.map(({ id }) => id),
    ]))
      processed.add(event_id);
  const failed = new AbortController();
  const signal = eitherSignal(context.signal, failed.signal);
  const limit = createConcurrencyLimiter({
    concurrency: maxConcurrentPreparations,
    rejection: () => signal.reason as Error,
  });
  const prepareHandler = async (event: Envelope, subscription: Subscription): Promise<PreparedSubscription> => {
    const { prepare } = subscription;
    const run = async () => {
      try {
        return await prepare?.(event, { signal });
      } catch (error) {
        failed.abort(error); // before the limiter starts another one
        throw error;
      }
    };
    return { subscription, prepared: prepare && (await limit(run, signal)) };
  };
  const prepared = await Promise.all(
    events.map(async (event, index) => {
      const handlers = (processed.has(event.id) ? undefined : matching[index]) ?? [];
      return { event, handlers: await Promise.all(handlers.map((one) => prepareHandler(event, one))) };
    }),
  );
  return prepared.filter(({ handlers }) => handlers.length > 0);
}

const insertProcessed: NamedStatement = {
  name: 'insert_processed_events',
  text: `insert into inbox_events (event_id, name) select * from unnest($1::uuid[], $2::text[])
    on conflict (event_id) do nothing returning event_id`,
};

/**
 * Records events as processed, in one statement, and runs their handlers in the same transaction and in their order.
 * @param timeLeft milliseconds; when they have passed, no other handler begins
 * @returns the events that were not processed before
 */
export async function consumeOnce(
  tx: Tx,
  prepared: readonly PreparedEvent[],
  timeLeft: () => number = () => Infinity,
): Promise<Envelope[]> {
  if (prepared.length === 0) return [];
  const assertTimeLeft = () => {
    if (timeLeft() <= 0) throw unavailable('The events take too long to be handled together');
  };
  const inserted = await execute<{ event_id: string }>(tx, insertProcessed, [
    prepared.map(({ event }) => event.id),
    prepared.map(({ event }) => event.name),
  ]);
  const remaining = new Set(inserted.map(({ event_id }) => event_id));
  const events = prepared.filter(({ event }) => remaining.delete(event.id)); // an id that is repeated counts once
  for (const { handleAll, steps } of groupSteps(events)) {
    assertTimeLeft();
    if (handleAll)
      await handleAll(
        tx,
        steps.map(({ event }) => event),
      );
    else
      for (const { event, subscription, prepared: result } of steps) {
        assertTimeLeft();
        await subscription.handler(tx, event, result);
      }
  }
  return events.map(({ event }) => event);
}

type Step = PreparedSubscription & { event: Envelope };

/** Groups consecutive handlers that are one function for several events. */
function groupSteps(events: readonly PreparedEvent[]): { handleAll: Subscription['handleAll']; steps: Step[] }[] {
  const groups: { handleAll: Subscription['handleAll']; steps: Step[] }[] = [];
  for (const { event, handlers } of events)
    for (const handler of handlers) {
      const { handleAll } = handler.subscription;
      const last = groups.at(-1);
      if (last && last.handleAll === handleAll) last.steps.push({ ...handler, event });
      else groups.push({ handleAll, steps: [{ ...handler, event }] });
    }
  return groups;
}
