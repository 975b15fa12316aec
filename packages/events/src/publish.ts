import { findEventContract, type EventData, type Envelope, type EventContract } from '@clientela/contracts';
import {
  execute,
  executeLast,
  executeLater,
  newId,
  type BoundStatement,
  type NamedStatement,
  type Tx,
} from '@clientela/db';
import { traceparent } from '@clientela/runtime';
import { wakeRelayAfterCommit } from './wake-relay.ts';

/** Who caused an event: the actor of a request, or the actor that an earlier event names. */
export type EventOrigin = { id: string; company_id: string | null; request_id: string };

/** The subscriber name of deliveries that RabbitMQ fans out: one delivery, whatever queues are bound. */
export const brokerSubscriber = 'broker';

/** Pool options that make `publish` write deliveries for the configured transport. */
export const outboxPoolOptions = ({ RABBITMQ_URL }: { RABBITMQ_URL?: string | undefined }) => ({
  userParams: { outboxTransport: RABBITMQ_URL === undefined ? 'http' : 'amqp' },
});

/** The ordering key of an event: events with the same aggregate are delivered in order. */
export function aggregateOf({ name, data }: Pick<Envelope, 'name' | 'data'>): string {
  const field = findEventContract(name)?.aggregate;
  return field ? `${field} ${JSON.stringify(data[field])}` : name;
}

/** The event-specific part of an envelope: the record's version after the change, and the contract's data. */
export type EventPayload<E extends EventContract> = { sequence: number; data: EventData<E> };

/**
 * Publishes an event by writing it to the outbox in the transaction of the change: a committed change never loses its event, a
 * rolled-back one never sends it. The commit wakes this process's relay.
 * @param sequence the record's version after the change
 */
export const publish = <E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  sequence: number,
  data: EventData<E>,
): Promise<void> => publishAll(tx, contract, origin, [{ sequence, data }]);

/**
 * Publishes several events of one contract, in the order of `payloads`. They are written with the transaction's next statement, or its COMMIT.
 * @param accompanying a statement of the change, such as the insert of its history, executed in the same statement; its result is ignored
 */
export async function publishAll<E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  payloads: readonly EventPayload<E>[],
  accompanying?: BoundStatement,
): Promise<void> {
  if (payloads.length === 0) {
    if (accompanying) await execute(tx, accompanying, accompanying.values);
    return;
  }
  const { name = '', values = [] } = accompanying ?? {};
  const statement = statementOnce(['insert_events', name].filter(Boolean).join('_with_'), () => {
    const { events, deliveries } = insertEvents(values.length);
    const expressions = accompanying ? [`accompanying as (${accompanying.text})`, events] : [events];
    return `with ${expressions.join(', ')} ${deliveries}`;
  });
  executeLater(tx, statement, [...values, ...eventValues(tx, contract, origin, payloads)]);
}

/** A change whose statement writes its event, too. */
export type PublishingChange = {
  name: string;
  /** Common table expressions, such as `customer as (insert …)`. */
  expressions: readonly string[];
  /** An object in jsonb, of the values in the event's data that the database decides. */
  decided: string;
  /** The query of the rows to return. */
  result: string;
  values: readonly unknown[];
  /** Whether it may be the last statement of its transaction (see `executeLast`): no row of it can be a reason to undo it. */
  mayCommit: boolean;
};

/**
 * Executes a change and publishes its event in one statement.
 * @param payload with any values in place of those that the database decides
 * @returns the rows of `change.result`
 */
export function publishWithChange<Row extends object, E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  payload: EventPayload<E>,
  change: PublishingChange,
): Promise<Row[]> {
  const { name, expressions, decided, result, values, mayCommit } = change;
  const statement = statementOnce(name, () => {
    const { events, deliveries } = insertEvents(values.length, decided);
    return `with ${[...expressions, events, `deliveries as (${deliveries})`].join(', ')} ${result}`;
  });
  const run = mayCommit ? executeLast<Row> : execute<Row>;
  return run(tx, statement, [...values, ...eventValues(tx, contract, origin, [payload])]);
}

/** Builds the values of `insertEvents`, and has the commit wake this process's relay. */
function eventValues<E extends EventContract>(
  tx: Tx,
  contract: E,
  origin: EventOrigin,
  payloads: readonly EventPayload<E>[],
): unknown[] {
  const trace = traceparent();
  const envelopes = payloads.map(({ sequence, data }): Envelope => ({
    id: newId(),
    name: contract.name,
    occurred_at: new Date().toISOString(),
    company_id: origin.company_id,
    actor_id: origin.id,
    request_id: origin.request_id,
    sequence,
    data: contract.data.parse(data) as Envelope['data'],
    ...(trace !== undefined && { traceparent: trace }),
  }));
  const subscribers = tx.userParams['outboxTransport'] === 'amqp' ? [brokerSubscriber] : contract.subscribers;
  const deliveries = envelopes.flatMap((envelope) => {
    const aggregate = aggregateOf(envelope);
    return subscribers.map((subscriber) => ({ event_id: envelope.id, subscriber, aggregate }));
  });
  if (deliveries.length > 0) wakeRelayAfterCommit(tx, subscribers);
  return [
    envelopes.map(({ id }) => id),
    envelopes.map((envelope) => JSON.stringify(envelope)),
    deliveries.map(({ event_id }) => event_id),
    deliveries.map(({ subscriber }) => subscriber),
    deliveries.map(({ aggregate }) => aggregate),
  ];
}

const statements = new Map<string, NamedStatement>();

/** Builds the text of a statement once. */
function statementOnce(name: string, build: () => string): NamedStatement {
  const built = statements.get(name) ?? { name, text: build() };
  statements.set(name, built);
  return built;
}

/**
 * Builds the inserts of events and of their deliveries.
 * @param before the number of values before theirs
 */
function insertEvents(before: number, decided?: string): { events: string; deliveries: string } {
  const [ids, envelopes, eventIds, subscribers, aggregates] = [1, 2, 3, 4, 5].map((place) => `$${before + place}`);
  const envelope = decided ? `jsonb_set(envelope, '{data}', envelope -> 'data' || ${decided})` : 'envelope';
  return {
    events: `events as (
      insert into outbox_events (id, envelope)
      select id, ${envelope} from unnest(${ids}::uuid[], ${envelopes}::jsonb[]) as event (id, envelope))`,
    deliveries: `insert into outbox_deliveries (event_id, subscriber, aggregate)
      select * from unnest(${eventIds}::uuid[], ${subscribers}::text[], ${aggregates}::text[])`,
  };
}
