import { Instant, queryPerPage, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';
import { Interaction } from '../interactions/schema.ts';
import { queryCursor } from '../lists/schema.ts';
import { Transaction } from '../transactions/schema.ts';

export const CustomerId = z.strictObject({ customer_id: Uuid });
export const TimelineQuery = z.strictObject({ cursor: queryCursor, per_page: queryPerPage() });

const itemFields = { id: Uuid, occurred_at: Instant };

export const TimelineItem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('interaction'), ...itemFields, interaction: Interaction }),
  z.strictObject({ kind: z.literal('transaction'), ...itemFields, transaction: Transaction }),
  z.strictObject({
    kind: z.literal('note'),
    ...itemFields,
    note: z.strictObject({ created_by: z.string(), content: z.string() }),
  }),
  z.strictObject({
    kind: z.literal('status_change'),
    ...itemFields,
    status_change: z.strictObject({
      changed_by: z.string(),
      from: z.string(),
      to: z.string(),
      reason: z.string().nullable(),
    }),
  }),
]);
export type TimelineItem = z.infer<typeof TimelineItem>;

export const Timeline = z.strictObject({
  timeline: z.array(TimelineItem),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
});

nameSchemas({ TimelineItem, Timeline });
