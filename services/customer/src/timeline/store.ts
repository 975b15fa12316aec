import type { InternalTimeline } from '@clientela/contracts';
import type { Db, Query } from '@clientela/db';
import type { TimelineCursor } from './schema.ts';

/** Notes of a customer and changes of its status (deleting it is one), the newest first. */
export async function listTimeline(
  db: Db,
  company_id: string,
  customer_id: string,
  { limit, before }: { limit: number; before?: TimelineCursor | undefined },
): Promise<InternalTimeline['items']> {
  const newest = (rows: Query, at: string): Query => {
    void rows.where({ company_id, customer_id }).orderBy([
      { column: at, order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
    if (before) void rows.whereRaw('(??, id) < (?, ?)', [at, before.at, before.id]);
    return rows.limit(limit);
  };
  const notes = newest(db('customer_notes'), 'created_at');
  const changes = newest(db('customer_history'), 'at').whereIn('action', [
    'customer.status.changed',
    'customer.deleted',
  ]);
  const [noted, changed] = (await Promise.all([
    notes.select('id', 'created_at as at', 'created_by as actor_id', 'content', db.raw(`'note' as kind`)),
    changes.select(
      'id',
      'at',
      'actor_id',
      'reason',
      db.raw(`'status_change' as kind, changes -> 0 ->> 'from' as "from", changes -> 0 ->> 'to' as "to"`),
    ),
  ])) as [InternalTimeline['items'], InternalTimeline['items']];
  const key = ({ at, id }: { at: string; id: string }) => `${at} ${id}`;
  return [...noted, ...changed].toSorted((a, b) => (key(a) < key(b) ? 1 : -1)).slice(0, limit);
}
