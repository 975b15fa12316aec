import { findEventContract, type Envelope } from '@clientela/contracts';
import { currentSpan, failSpan, parseTraceparent, runAndEnd, startTrace, type Span } from '@clientela/runtime';
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

/** Runs an attempt to deliver an event as a span below the one that published it. */
export function traceDelivery(
  { envelope, traceparent, subscriber }: Delivery,
  { system }: Transport,
  send: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const span = startTrace('', 'producer', { parent: parseTraceparent(traceparent) });
  if (!span) return send();
  describe(span, envelope, 'send', system);
  span.attributes['clientela.subscriber'] = subscriber;
  return runAndEnd(span, async () => {
    const rejection = await send();
    if (rejection !== undefined) failSpan(span, 'rejected');
    return rejection;
  });
}

/**
 * Runs the handlers of an event as a span that is linked to the one that sent it, and no child of it: an event may be handled hours later.
 * @param traceparent of the span that sent it
 */
export function traceEvent<T>(
  event: Envelope,
  system: Transport['system'],
  traceparent: unknown,
  handle: () => Promise<T>,
): Promise<T> {
  const span = startTrace('', 'consumer', { follows: parseTraceparent(traceparent) });
  if (!span) return handle();
  describe(span, event, 'process', system);
  return runAndEnd(span, handle);
}

/** Names the span of the request that delivers an event. */
export function describeDelivery(event: Envelope): void {
  const span = currentSpan();
  if (span) describe(span.trace.root, event, 'process', 'http');
}
