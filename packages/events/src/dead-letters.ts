import type { Envelope, FailedEvent, Service } from '@clientela/contracts';
import type { Db, Scope, Tx } from '@clientela/db';
import { aggregateOf, willWake } from './publish.ts';

/** Keeps an event that this service heard and could not do. */
export async function deadLetter(db: Db, event: Envelope, attempts: number, reason: string): Promise<void> {
  await db('dead_letters')
    .insert({ event_id: event.id, envelope: event, attempts, reason })
    .onConflict('event_id')
    .merge({ attempts, reason, failed_at: db.fn.now() });
}

/** Where a list of failures goes on: after this one, which is older, or has the smaller id. */
export type FailedPosition = Pick<FailedEvent, 'failed_at' | 'id' | 'subscriber'>;

/** What this service could not deliver, and what it heard and could not do; the newest first. */
export async function listFailed(
  db: Db,
  service: Service,
  company: Scope,
  { after, limit }: { after: FailedPosition | undefined; limit: number },
): Promise<FailedEvent[]> {
  const delivering = db('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .whereNotNull('d.failed_at')
    .select('d.event_id as id', 'd.subscriber', 'd.attempts', 'd.last_error as reason', 'd.failed_at', 'e.envelope');
  const hearing = db('dead_letters').select(
    'event_id as id',
    db.raw('?::text as subscriber', [service]),
    'attempts',
    'reason',
    'failed_at',
    'envelope',
  );
  const found = db
    .from(db.unionAll([delivering, hearing], true).as('failed'))
    .select<(FailedPosition & { attempts: number; reason: string; envelope: Envelope })[]>('*')
    .orderBy([
      { column: 'failed_at', order: 'desc' },
      { column: 'id', order: 'desc' },
      { column: 'subscriber', order: 'desc' },
    ])
    .limit(limit);
  if ('company_id' in company) void found.whereRaw(`envelope ->> 'company_id' = ?`, [company.company_id]);
  if (after)
    void found.whereRaw('(failed_at, id, subscriber) < (?, ?, ?)', [after.failed_at, after.id, after.subscriber]);
  return (await found).map(({ id, subscriber, attempts, reason, failed_at, envelope }) => ({
    id,
    name: envelope.name,
    occurred_at: envelope.occurred_at,
    business_id: envelope.company_id,
    sequence: envelope.sequence,
    data: envelope.data,
    service,
    subscriber,
    attempts,
    reason,
    failed_at,
  }));
}

const atOnce = 1000;

/**
 * Sends failed events again, from their first try on: deliveries to their subscribers, what this service could not do to itself.
 * @param which.id one event, wherever it failed here; else the oldest thousand of each kind
 * @returns how many
 */
export async function resendFailed(
  tx: Tx,
  service: Service,
  { id, company = { all: true } }: { id?: string; company?: Scope } = {},
): Promise<number> {
  const failed = tx('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .whereNotNull('d.failed_at')
    .select('d.event_id', 'd.subscriber')
    .orderBy('d.failed_at')
    .limit(atOnce);
  const heard = tx('dead_letters').select('event_id').orderBy('failed_at').limit(atOnce);
  if (id !== undefined) {
    void failed.where('d.event_id', id);
    void heard.where('event_id', id);
  }
  if ('company_id' in company) {
    void failed.whereRaw(`e.envelope ->> 'company_id' = ?`, [company.company_id]);
    void heard.whereRaw(`envelope ->> 'company_id' = ?`, [company.company_id]);
  }
  const again = { failed_at: null, attempts: 0, next_attempt_at: tx.fn.now() };
  const sent = await tx('outbox_deliveries').whereIn(['event_id', 'subscriber'], failed).update(again);
  const left = await tx<{ event_id: string; envelope: Envelope }>('dead_letters')
    .whereIn('event_id', heard)
    .delete()
    .returning('envelope');
  for (const { envelope } of left) {
    await tx('outbox_events').insert({ id: envelope.id, envelope }).onConflict('id').ignore();
    await tx('outbox_deliveries')
      .insert({ event_id: envelope.id, subscriber: service, aggregate: aggregateOf(envelope) })
      .onConflict(['event_id', 'subscriber'])
      .merge(again);
  }
  willWake(tx);
  return sent + left.length;
}
