import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '@clientela/fleet';
import type { ChaosStreet } from './chaos-fleet.ts';
import { nothingLeft, onceEach } from './checks.ts';
import type { Passing } from './fault-proxy.ts';
import { inTime, settles } from './retry.ts';
import { writeThe, type Writer } from './writers.ts';

/** Of an event on its way: who says it and who hears it, and the write of which it is told. */
export type Way = {
  speaker: Service;
  hearer: Service;
  write: Parameters<typeof writeThe>[0];
  /** What the hearer has to ask before its effect. */
  asks?: { service: Service; path: string };
};

export const ways: Way[] = [
  { speaker: 'customer', hearer: 'auth', write: 'note' },
  { speaker: 'interaction', hearer: 'auth', write: 'interaction' },
  {
    speaker: 'interaction',
    hearer: 'customer',
    write: 'order', // it moves a counter: of what moves none, nothing is asked
    asks: { service: 'interaction', path: '/internal/customers/totals' },
  },
  { speaker: 'product', hearer: 'auth', write: 'product' },
  { speaker: 'favorites', hearer: 'auth', write: 'favorite' },
  { speaker: 'customer', hearer: 'interaction', write: 'removeForGood' },
  { speaker: 'customer', hearer: 'favorites', write: 'removeForGood' },
  { speaker: 'auth', hearer: 'customer', write: 'user' },
];

/** A moment in an event's way at which somebody dies. */
export type Point = {
  name: string;
  dies: 'speaker' | 'hearer';
  /** What of an event's way does not pass: that it is told, what its hearer asks then, or the answer that it was heard. */
  held: 'message' | 'question' | 'confirm' | 'ack';
};

export const points: Record<'RabbitMQ' | 'HTTP', Point[]> = {
  RabbitMQ: [
    { name: 'after commit, before publish', dies: 'speaker', held: 'message' },
    { name: 'after publish, before removal', dies: 'speaker', held: 'confirm' },
    { name: 'delivered, before the effect', dies: 'hearer', held: 'question' },
    { name: 'after the effect, before the ack', dies: 'hearer', held: 'ack' },
  ],
  HTTP: [
    { name: 'after commit, before the call', dies: 'speaker', held: 'message' },
    { name: 'after the call, before removal', dies: 'speaker', held: 'confirm' },
    { name: 'delivered, before the effect', dies: 'hearer', held: 'question' },
    { name: 'after the effect, before the answer', dies: 'hearer', held: 'ack' },
  ],
};

/** Whether an event comes to this point on its way: not every hearer asks somebody. */
export const comesTo = (point: Point, way: Way): boolean => point.held !== 'question' || way.asks !== undefined;

/** Where an event is told, and where the answers to it pass. */
function stretch({ broker, to, to_broker }: ChaosStreet, { speaker, hearer }: Way) {
  if (!broker) {
    const onEvents = (way: Passing['way']) => (passing: Passing) =>
      passing.from === 'POST /internal/events' && passing.way === way;
    return { proxy: to[hearer], message: onEvents('up'), confirm: onEvents('down'), ack: onEvents('down') };
  }
  const frame = (from: string, way: Passing['way'], what: string) => (passing: Passing) =>
    passing.from === from && passing.way === way && passing.what === what;
  return {
    proxy: to_broker,
    message: frame(`${speaker} relay`, 'up', 'publish'),
    confirm: frame(`${speaker} relay`, 'down', 'ack'),
    ack: frame(`${hearer} consumer`, 'up', 'ack'),
  };
}

/**
 * Lets an event come as far as a point, kills who is to die there, and waits until all took effect.
 * @returns what is wrong then
 */
export async function killAt(street: ChaosStreet, writer: Writer, point: Point, way: Way): Promise<string[]> {
  const name = `${way.speaker} to ${way.hearer}, ${point.name}`;
  const before = await settles(() => nothingLeft(street), Date.now() + 30_000);
  const on = stretch(street, way);
  const { asks } = way;
  const held =
    point.held === 'question'
      ? street.to[asks?.service ?? way.speaker].hold(({ from, way }) => from === `GET ${asks?.path}` && way === 'up')
      : on.proxy.hold(on[point.held]);
  await writeThe(way.write, writer);
  await inTime(held.reached, name);
  const event = await lastSaid(street, way.speaker);
  const heard = point.held === 'confirm' || point.held === 'ack';
  const isHeard = async () => {
    const known = await street.ask(way.hearer, 'select 1 from inbox_events where event_id = $1', [event]);
    return known.length > 0 === heard ? [] : [`${way.hearer} ${heard ? 'has not' : 'has'} heard it`];
  };
  const wrong = await settles(isHeard, Date.now() + (heard ? 5000 : 0));
  const kept = await street.ask(way.speaker, 'select 1 from outbox_deliveries where event_id = $1', [event]);
  if (point.dies === 'speaker' && kept.length === 0) wrong.push(`${way.speaker} does not keep it any more`);

  const again = on.proxy.seen(on.ack);
  street.kill_hard(way[point.dies], name);
  await sleep(50); // the connections that it had end before they are let go on
  held.release();
  await inTime(again, `${name}: heard again`);
  const effects = async () => [...(await onceEach(street, writer)), ...(await nothingLeft(street))];
  return [...before, ...wrong, ...(await settles(effects, Date.now() + 30_000))];
}

async function lastSaid(street: ChaosStreet, speaker: Service): Promise<unknown> {
  const [said] = await street.ask(speaker, 'select id from outbox_events order by id desc limit 1');
  return said?.['id'];
}
