import type { InternalTimeline } from '@clientela/contracts';
import { whereKeyset, type Db, type Query } from '@clientela/db';
import type { TimelineCursor } from './schema.ts';

/** Lists notes and status changes (a deletion is one) of a customer, newest first. */
export async function listTimeline(
  db: Db,
  company_id: string,
  customer_id: string,
  { limit, before }: { limit: number; before?: TimelineCursor | undefined },
): Promise<InternalTimeline['items']> {
  const newestFirst = (rows: Query, at: string): Query => {
    void rows.where({ company_id, customer_id }).orderBy([
      { column: at, order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
    if (before) void whereKeyset(rows, [at, 'id'], '<', [before.at, before.id]);
    return rows.limit(limit);
  };
  const notes = newestFirst(db('customer_notes'), 'created_at');
  const changes = newestFirst(db('customer_history'), 'at').whereIn('action', [
    'customer.status.changed',
    'customer.deleted',
  ]);
  const [noteItems, changeItems] = (await Promise.all([
    notes.select('id', 'created_at as at', 'created_by as actor_id', 'content', db.raw(`'note' as kind`)),
    changes.select(
      'id',
      'at',
      'actor_id',
      'reason',
      db.raw(`'status_change' as kind, changes -> 0 ->> 'from' as "from", changes -> 0 ->> 'to' as "to"`),
    ),
  ])) as [InternalTimeline['items'], InternalTimeline['items']];
  const sortKey = ({ at, id }: { at: string; id: string }) => `${at} ${id}`;
  return [...noteItems, ...changeItems].toSorted((a, b) => (sortKey(a) < sortKey(b) ? 1 : -1)).slice(0, limit);
}
