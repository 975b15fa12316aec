import { findEventContract, type Envelope } from '@clientela/contracts';
import {
  currentSpan,
  endSpan,
  failSpan,
  isTracing,
  parseTraceparent,
  runAndEnd,
  runInSpan,
  startTrace,
  traceparent,
  type Span,
} from '@clientela/runtime';
import type { Delivery, Transport } from './relay.ts';

/** A span's name comes from the catalogue, not from a message. */
const nameOf = ({ name }: Envelope) => findEventContract(name)?.name ?? '_OTHER';

function describe(span: Span, event: Envelope, type: 'send' | 'process', system: Transport['system']): void {
  span.name = `${type} ${nameOf(event)}`;
  span.attributes['messaging.system'] = system;
  span.attributes['messaging.operation.type'] = type;
  span.attributes['messaging.destination.name'] = nameOf(event);
  span.attributes['messaging.message.id'] = event.id;
}

const isSampled = (event: Envelope) => parseTraceparent(event.traceparent)?.isSampled === true;

/** Events that are sent or handled together have one span each. The work is below that of the first sampled one. */
const mainOf = (events: readonly Envelope[]): Envelope | undefined => events.find(isSampled) ?? events[0];

/**
 * Runs an attempt to deliver events as a span of each, below the one that published it.
 * @param attempt.send gets the deliveries with the span that delivers them
 */
export async function traceDeliveries<R>(
  deliveries: readonly Delivery[],
  system: Transport['system'],
  attempt: { send: (deliveries: readonly Delivery[]) => Promise<R>; isAccepted: (result: R) => boolean },
): Promise<R> {
  const { send, isAccepted } = attempt;
  const main = mainOf(deliveries.map(({ envelope }) => envelope));
  if (!isTracing() || !main) return send(deliveries);
  const spans = new Map<Envelope, Span>();
  const traced = deliveries.map((delivery) => {
    const { envelope, subscriber } = delivery;
    const span = startTrace('', 'producer', { parent: parseTraceparent(envelope.traceparent) });
    if (!span) return delivery; // tracing has just ended
    describe(span, envelope, 'send', system);
    span.attributes['clientela.subscriber'] = subscriber;
    spans.set(envelope, span);
    return { ...delivery, envelope: { ...envelope, traceparent: traceparent(span) } };
  });
  const failAll = (error: unknown) => spans.forEach((span) => failSpan(span, error));
  const mainSpan = spans.get(main);
  try {
    const result = await (mainSpan ? runInSpan(mainSpan, () => send(traced)) : send(traced));
    if (!isAccepted(result)) failAll('rejected');
    return result;
  } catch (error) {
    failAll(error);
    throw error;
  } finally {
    spans.forEach((span) => endSpan(span));
  }
}

/**
 * Runs the handlers of events as a span of each that is linked to the one that sent it, and no child of it: an event may be handled hours
 * later.
 */
export async function traceEvents<T>(
  events: readonly Envelope[],
  system: Transport['system'],
  handle: () => Promise<T>,
): Promise<T> {
  const main = mainOf(events);
  const span = main && startTrace('', 'consumer', { follows: parseTraceparent(main.traceparent) });
  if (!span) return handle();
  describe(span, main, 'process', system);
  return runAndEnd(span, async () => {
    const result = await handle();
    traceOthers(events, system);
    return result;
  });
}

/** Describes the span of the request that delivers events. */
export function describeDelivery(events: readonly Envelope[]): void {
  const span = currentSpan()?.trace.root;
  const main = mainOf(events);
  if (span && main) describe(span, main, 'process', 'http');
}

/** Adds the spans of the events that were handled together with the one whose span is current. */
export function traceOthers(events: readonly Envelope[], system: Transport['system']): void {
  const { start } = currentSpan()?.trace.root ?? {};
  const main = mainOf(events);
  if (start === undefined) return;
  for (const event of events) {
    const sender = parseTraceparent(event.traceparent);
    const span = event === main || !sender ? undefined : startTrace('', 'consumer', { follows: sender, start });
    if (!span) continue;
    describe(span, event, 'process', system);
    endSpan(span);
  }
}
