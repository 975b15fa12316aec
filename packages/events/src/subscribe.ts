import { Envelope, services, type DataOf, type EventContract } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { invalid } from '@clientela/errors';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';

export type Heard<E extends EventContract> = Omit<Envelope, 'data'> & { data: DataOf<E> };

export type Subscription = {
  contract: EventContract;
  effect: (tx: Tx, event: Envelope) => Promise<void>;
};

/** What a service does when it hears an event; the effect runs in the transaction that remembers the event, so it happens once. */
export const on = <E extends EventContract>(
  contract: E,
  effect: (tx: Tx, event: Heard<E>) => Promise<void>,
): Subscription => ({
  contract,
  effect: async (tx, event) => {
    const data = contract.data.safeParse(event.data);
    if (!data.success) throw invalid([{ path: 'data', message: `is not what ${contract.name} carries` }]);
    await effect(tx, { ...event, data: data.data as DataOf<E> });
  },
});

/** The door through which events come in over HTTP. */
export const eventRoutes = (subscriptions: readonly Subscription[]): Route[] => [
  route({
    method: 'post',
    path: '/internal/events',
    summary: 'Hear an event',
    allow: { internal: services },
    reaches: 'installation',
    body: Envelope,
    responses: { 200: z.strictObject({ heard: z.boolean() }) },
    handle: async ({ tx, body }) => ({ heard: await hearOnce(tx, subscriptions, body) }),
  }),
];

/**
 * Runs the effects of an event unless they have run before.
 * @returns false when the event was known already
 * @throws AppError 422 for an event this service does not hear: the sender keeps it
 */
export async function hearOnce(tx: Tx, subscriptions: readonly Subscription[], event: Envelope): Promise<boolean> {
  const hearing = subscriptions.filter(({ contract }) => contract.name === event.name);
  if (hearing.length === 0) throw invalid([{ path: 'name', message: 'is not an event this service hears' }]);
  const first = await tx('inbox_events')
    .insert({ event_id: event.id, name: event.name })
    .onConflict('event_id')
    .ignore()
    .returning('event_id');
  if (first.length === 0) return false;
  for (const { effect } of hearing) await effect(tx, event);
  return true;
}
