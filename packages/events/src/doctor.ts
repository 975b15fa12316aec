import type { Db, Finding } from '@clientela/db';

const maxAge = 300; // seconds that an event may wait, as the alert has it

type Figures = { subscriber: string; count: number; seconds: number };

/** Finds subscribers that do not take their events, and events that were given up. */
export async function findEventProblems(db: Db): Promise<Finding[]> {
  const { rows: late } = await db.raw<{ rows: Figures[] }>(
    `select subscriber, count(*)::int as count, extract(epoch from now() - min(e.created_at))::int as seconds
       from outbox_deliveries d join outbox_events e on e.id = d.event_id
      where d.failed_at is null group by 1 having min(e.created_at) < now() - ? * interval '1 second' order by 1`,
    [maxAge],
  );
  const { rows: failed } = await db.raw<{ rows: { count: number }[] }>(
    `select ((select count(*) from outbox_deliveries where failed_at is not null)
            + (select count(*) from dead_letters))::int as count`,
  );
  const dead = failed[0]?.count ?? 0;
  return [
    ...late.map(({ subscriber, count, seconds }): Finding => ({
      level: 'error',
      text: `events that wait for ${subscriber}: ${count}, the oldest since ${Math.round(seconds / 60)} min; look at its log`,
    })),
    ...(dead > 0
      ? [
          {
            level: 'warning' as const,
            text: `events that failed: ${dead}; mend the reason, then npm run resend-failed-events`,
          },
        ]
      : []),
  ];
}
