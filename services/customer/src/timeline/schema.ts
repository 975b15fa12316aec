import { Instant, queryInteger, Uuid } from '@clientela/validation';
import { z } from 'zod';

/** After which item to go on: its time and id. */
const Before = z
  .string('must be given once')
  .transform((text) => text.split(','))
  .pipe(z.tuple([Instant, Uuid]))
  .transform(([at, id]) => ({ at, id }));
export type Before = z.infer<typeof Before>;

export const TimelineQuery = z.strictObject({
  limit: queryInteger(1, 101).default(20),
  before: Before.optional(),
});
