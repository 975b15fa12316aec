import { Instant, queryInteger, Uuid } from '@clientela/validation';
import { z } from 'zod';

/** Position after an item: its time and id. */
const TimelineCursor = z
  .string('must be given once')
  .transform((text) => text.split(','))
  .pipe(z.tuple([Instant, Uuid]))
  .transform(([at, id]) => ({ at, id }));
export type TimelineCursor = z.infer<typeof TimelineCursor>;

export const TimelineQuery = z.strictObject({
  limit: queryInteger(1, 101).default(20),
  before: TimelineCursor.optional(),
});
