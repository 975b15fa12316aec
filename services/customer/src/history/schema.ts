import { Instant, nameSchemas, queryPerPage, Uuid } from '@clientela/validation';
import { z } from 'zod';

/** Value of one field before and after. */
export const Change = z.strictObject({ field: z.string(), from: z.json(), to: z.json() });
export type Change = z.infer<typeof Change>;

export const HistoryEntry = z.strictObject({
  id: Uuid,
  at: Instant,
  actor_id: z.string().meta({ description: 'A user, or service:<name>' }),
  action: z.string().meta({ examples: ['customer.updated'] }),
  reason: z.string().optional(),
  changes: z.array(Change),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

export const HistoryQuery = z.strictObject({
  cursor: z
    .string('must be given once')
    .max(1000)
    .default('')
    .meta({ description: 'next_cursor of the previous page; empty or omitted for the first page' }),
  per_page: queryPerPage(),
});

export const HistoryPage = z.strictObject({ history: z.array(HistoryEntry), next_cursor: z.string().nullable() });

nameSchemas({ HistoryEntry, HistoryPage });
