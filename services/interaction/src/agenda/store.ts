import type { Db } from '@clientela/db';
import type { Interaction } from '../interactions/schema.ts';
import { columns } from '../interactions/store.ts';
import type { AgendaQuery, OpenComplaints } from './schema.ts';

const time = 'coalesce(scheduled_at, occurred_at)';

/** Lists the booked appointments between two instants, soonest first. */
export const listBooked = async (
  db: Db,
  company_id: string,
  { from, to }: AgendaQuery,
  limit: number,
): Promise<Interaction[]> =>
  db('interactions')
    .where({ company_id })
    .whereRaw(`type = 'appointment' and status = 'booked' and ${time} between ? and ?`, [from, to])
    .orderByRaw(`${time}, id`)
    .limit(limit)
    .select(columns);

/** Counts complaints that are neither resolved nor closed, at most `limit` of them. */
export async function countOpenComplaints(db: Db, company_id: string, limit: number): Promise<OpenComplaints> {
  const { rows } = await db.raw<{ rows: { priority: keyof OpenComplaints; complaints: number }[] }>(
    `select coalesce(priority, 'none') as priority, count(*) as complaints
       from (select priority from interactions
              where company_id = ? and type = 'complaint' and status in ('open', 'in_progress') limit ?) as open_complaints
      group by 1`,
    [company_id, limit],
  );
  const counts = Object.fromEntries(rows.map(({ priority, complaints }) => [priority, complaints]));
  return { critical: 0, high: 0, medium: 0, low: 0, none: 0, ...counts };
}
