import type { Envelope, FailedEvent, Service } from '@clientela/contracts';
import { whereKeyset, type Db, type Query, type Scope, type Tx } from '@clientela/db';
import { aggregateOf } from './publish.ts';
import { wakeRelayAfterCommit } from './wake-relay.ts';

/** Stores an event whose handlers failed in this service, with its reason. */
export async function insertDeadLetter(db: Db, event: Envelope, attempts: number, reason: string): Promise<void> {
  await db('dead_letters')
    .insert({ event_id: event.id, envelope: event, attempts, reason })
    .onConflict('event_id')
    .merge({ attempts, reason, failed_at: db.fn.now() });
}

/** Keyset position of the list of failures, which is ordered newest first, then by id and subscriber. */
export type FailedPosition = Pick<FailedEvent, 'failed_at' | 'id' | 'subscriber'>;

type Row = FailedPosition & { attempts: number; reason: string; envelope: Envelope };

/** Limits rows that have an event's envelope to those of the company. */
const ofCompany = <Q extends Query>(query: Q, company: Scope, column = 'envelope'): Q => {
  if ('company_id' in company) void query.whereRaw(`?? ->> 'company_id' = ?`, [column, company.company_id]);
  return query;
};

/** Selects failed deliveries and dead letters of this service. */
function selectFailed(db: Db, service: Service, company: Scope) {
  const failedDeliveries = db('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .whereNotNull('d.failed_at')
    .select('d.event_id as id', 'd.subscriber', 'd.attempts', 'd.last_error as reason', 'd.failed_at', 'e.envelope');
  const deadLetters = db('dead_letters').select(
    'event_id as id',
    db.raw('?::text as subscriber', [service]),
    'attempts',
    'reason',
    'failed_at',
    'envelope',
  );
  return ofCompany(
    db.from(db.unionAll([failedDeliveries, deadLetters], true).as('failed')).select<Row[]>('*'),
    company,
  );
}

const toFailedEvent =
  (service: Service) =>
  ({ id, subscriber, attempts, reason, failed_at, envelope }: Row): FailedEvent => ({
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
  });

/** Lists failed deliveries and dead letters of this service, newest first. */
export async function listFailed(
  db: Db,
  service: Service,
  company: Scope,
  { after, limit }: { after: FailedPosition | undefined; limit: number },
): Promise<FailedEvent[]> {
  const failed = selectFailed(db, service, company)
    .orderBy([
      { column: 'failed_at', order: 'desc' },
      { column: 'id', order: 'desc' },
      { column: 'subscriber', order: 'desc' },
    ])
    .limit(limit);
  if (after)
    void whereKeyset(failed, ['failed_at', 'id', 'subscriber'], '<', [after.failed_at, after.id, after.subscriber]);
  return (await failed).map(toFailedEvent(service));
}

/** Finds one event wherever it failed in this service, once for each subscriber. */
export const findFailed = async (db: Db, service: Service, company: Scope, id: string): Promise<FailedEvent[]> =>
  (await selectFailed(db, service, company).where({ id })).map(toFailedEvent(service));

/** Drops the failed deliveries and the dead letter of an event, so that nobody gets it any more. @returns how many were dropped */
export async function dropFailed(tx: Tx, company: Scope, id: string): Promise<number> {
  const deliveries = await tx('outbox_deliveries')
    .whereIn('event_id', ofCompany(tx('outbox_events').select('id').where({ id }), company))
    .whereNotNull('failed_at')
    .delete();
  return deliveries + (await ofCompany(tx('dead_letters').where({ event_id: id }), company).delete());
}

const batchSize = 1000;

/**
 * Resends failed events with a fresh retry count: failed deliveries to their subscribers, dead letters to this service itself.
 * @param filter.id one event, wherever it failed in this service; else the oldest thousand of each kind
 * @returns how many were resent
 */
export async function resendFailed(
  tx: Tx,
  service: Service,
  { id, company = { all: true } }: { id?: string; company?: Scope } = {},
): Promise<number> {
  const failedDeliveries = tx('outbox_deliveries as d')
    .join('outbox_events as e', 'e.id', 'd.event_id')
    .whereNotNull('d.failed_at')
    .select('d.event_id', 'd.subscriber')
    .orderBy('d.failed_at')
    .limit(batchSize);
  const deadLetters = tx('dead_letters').select('event_id').orderBy('failed_at').limit(batchSize);
  if (id !== undefined) {
    void failedDeliveries.where('d.event_id', id);
    void deadLetters.where('event_id', id);
  }
  void ofCompany(failedDeliveries, company, 'e.envelope');
  void ofCompany(deadLetters, company);
  const firstAttempt = { failed_at: null, attempts: 0, next_attempt_at: tx.fn.now() };
  const redelivered = await tx('outbox_deliveries')
    .whereIn(['event_id', 'subscriber'], failedDeliveries)
    .update(firstAttempt)
    .returning<{ subscriber: string }[]>('subscriber');
  const revived = await tx<{ event_id: string; envelope: Envelope }>('dead_letters')
    .whereIn('event_id', deadLetters)
    .delete()
    .returning('envelope');
  for (const { envelope } of revived) {
    await tx('outbox_events').insert({ id: envelope.id, envelope }).onConflict('id').ignore();
    await tx('outbox_deliveries')
      .insert({ event_id: envelope.id, subscriber: service, aggregate: aggregateOf(envelope) })
      .onConflict(['event_id', 'subscriber'])
      .merge(firstAttempt);
  }
  wakeRelayAfterCommit(tx, [service, ...redelivered.map(({ subscriber }) => subscriber)]);
  return redelivered.length + revived.length;
}
