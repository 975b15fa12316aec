import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '@clientela/fleet';
import type { ChaosFleet } from './chaos-fleet.ts';
import { pendingEvents, wrongEffects } from './checks.ts';
import type { Passing } from './fault-proxy.ts';
import { withTimeout, waitUntilFine } from './retry.ts';
import { write, type Writer } from './writers.ts';

/** The publisher and a subscriber of an event, and the write that publishes it. */
export type EventFlow = {
  publisher: Service;
  subscriber: Service;
  write: Parameters<typeof write>[0];
  /** The request that the subscriber sends before the event takes effect. */
  query?: { service: Service; path: string };
};

export const eventFlows: EventFlow[] = [
  { publisher: 'customer', subscriber: 'auth', write: 'note' },
  { publisher: 'interaction', subscriber: 'auth', write: 'interaction' },
  {
    publisher: 'interaction',
    subscriber: 'customer',
    write: 'order', // changes a counter, so that the subscriber fetches the totals
    query: { service: 'interaction', path: '/internal/customers/totals' },
  },
  { publisher: 'product', subscriber: 'auth', write: 'product' },
  { publisher: 'favorites', subscriber: 'auth', write: 'favorite' },
  { publisher: 'customer', subscriber: 'interaction', write: 'hardDelete' },
  { publisher: 'customer', subscriber: 'favorites', write: 'hardDelete' },
  { publisher: 'auth', subscriber: 'customer', write: 'user' },
];

/** A point in the delivery of an event at which a process is killed. */
export type CrashPoint = {
  name: string;
  killed: 'publisher' | 'subscriber';
  /** The message that is held: the event, the subscriber's query, or an acknowledgement. */
  held: 'message' | 'query' | 'confirm' | 'ack';
};

export const crashPoints: Record<'RabbitMQ' | 'HTTP', CrashPoint[]> = {
  RabbitMQ: [
    { name: 'after commit, before publish', killed: 'publisher', held: 'message' },
    { name: 'after publish, before removal', killed: 'publisher', held: 'confirm' },
    { name: 'delivered, before the effect', killed: 'subscriber', held: 'query' },
    { name: 'after the effect, before the ack', killed: 'subscriber', held: 'ack' },
  ],
  HTTP: [
    { name: 'after commit, before the call', killed: 'publisher', held: 'message' },
    { name: 'after the call, before removal', killed: 'publisher', held: 'confirm' },
    { name: 'delivered, before the effect', killed: 'subscriber', held: 'query' },
    { name: 'after the effect, before the response', killed: 'subscriber', held: 'ack' },
  ],
};

/** Whether a flow reaches this point: not every subscriber sends a query. */
export const appliesTo = (point: CrashPoint, flow: EventFlow): boolean =>
  point.held !== 'query' || flow.query !== undefined;

/** The proxy through which an event passes, and matchers of its messages. */
function messagesOf({ broker, serviceProxies, brokerProxy }: ChaosFleet, { publisher, subscriber }: EventFlow) {
  if (!broker) {
    const onEvents = (direction: Passing['direction']) => (passing: Passing) =>
      passing.from === 'POST /internal/events' && passing.direction === direction;
    return {
      proxy: serviceProxies[subscriber],
      message: onEvents('up'),
      confirm: onEvents('down'),
      ack: onEvents('down'),
    };
  }
  const frame = (from: string, direction: Passing['direction'], kind: string) => (passing: Passing) =>
    passing.from === from && passing.direction === direction && passing.kind === kind;
  return {
    proxy: brokerProxy,
    message: frame(`${publisher} relay`, 'up', 'publish'),
    confirm: frame(`${publisher} relay`, 'down', 'ack'),
    ack: frame(`${subscriber} consumer`, 'up', 'ack'),
  };
}

/**
 * Writes, lets the event reach a point, kills a process there, and waits until every write took effect.
 * @returns the remaining problems
 */
export async function killAtPoint(
  fleet: ChaosFleet,
  writer: Writer,
  point: CrashPoint,
  flow: EventFlow,
): Promise<string[]> {
  const name = `${flow.publisher} to ${flow.subscriber}, ${point.name}`;
  const before = await waitUntilFine(() => pendingEvents(fleet), Date.now() + 30_000);
  const messages = messagesOf(fleet, flow);
  const { query } = flow;
  const hold =
    point.held === 'query'
      ? fleet.serviceProxies[query?.service ?? flow.publisher].hold(
          ({ from, direction }) => from === `GET ${query?.path}` && direction === 'up',
        )
      : messages.proxy.hold(messages[point.held]);
  await write(flow.write, writer);
  await withTimeout(hold.reached, name);
  const event = await lastEventId(fleet, flow.publisher);
  const isProcessed = point.held === 'confirm' || point.held === 'ack';
  const checkInbox = async () => {
    const rows = await fleet.query(flow.subscriber, 'select 1 from inbox_events where event_id = $1', [event]);
    return rows.length > 0 === isProcessed
      ? []
      : [`${flow.subscriber} ${isProcessed ? 'has not' : 'has'} processed it`];
  };
  const problems = await waitUntilFine(checkInbox, Date.now() + (isProcessed ? 5000 : 0));
  const deliveries = await fleet.query(flow.publisher, 'select 1 from outbox_deliveries where event_id = $1', [event]);
  if (point.killed === 'publisher' && deliveries.length === 0) problems.push(`${flow.publisher} has no delivery left`);

  const acknowledged = messages.proxy.waitFor(messages.ack);
  fleet.killHard(flow[point.killed], name);
  await sleep(50); // its connections end before the hold is released
  hold.release();
  await withTimeout(acknowledged, `${name}: acknowledged after the kill`);
  const checkAll = async () => [...(await wrongEffects(fleet, writer)), ...(await pendingEvents(fleet))];
  return [...before, ...problems, ...(await waitUntilFine(checkAll, Date.now() + 30_000))];
}

async function lastEventId(fleet: ChaosFleet, publisher: Service): Promise<unknown> {
  const [event] = await fleet.query(publisher, 'select id from outbox_events order by id desc limit 1');
  return event?.['id'];
}
