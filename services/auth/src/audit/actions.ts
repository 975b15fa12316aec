import type { FailedEvent } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import type { Actor, DeniedRequest } from '@clientela/http';
import { audit } from './store.ts';

/** Records that a signed-in actor was denied a route. */
export const auditDenied = (tx: Tx, { actor, method, route }: DeniedRequest): Promise<void> =>
  audit(tx, {
    actor_id: actor.id,
    action: 'permission.refused',
    resource_type: 'route',
    resource_id: `${method} ${route}`,
    company_id: actor.company_id,
    result: 'refused',
    ip: actor.client_ip,
    request_id: actor.request_id,
  });

/** Records that an actor dropped a failed event, with its name and the subscribers at which it failed. */
export async function auditDroppedEvent(
  tx: Tx,
  actor: Actor,
  events: readonly Pick<FailedEvent, 'id' | 'name' | 'business_id' | 'subscriber'>[],
  reason: string,
): Promise<void> {
  const [event] = events;
  if (!event) return;
  await audit(tx, {
    actor_id: actor.id,
    action: 'event.dropped',
    resource_type: 'event',
    resource_id: event.id,
    company_id: event.business_id,
    details: { event: event.name, subscribers: [...new Set(events.map(({ subscriber }) => subscriber))], reason },
    request_id: actor.request_id,
  });
}
