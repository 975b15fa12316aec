import { Instant } from '@clientela/values';
import { z } from 'zod';

/** One field of a record, before and after. */
export const Change = z.strictObject({ field: z.string(), from: z.json(), to: z.json() });
export type Change = z.infer<typeof Change>;

/** Who did what to a customer, and when. */
export const HistoryEntry = z.strictObject({
  at: Instant,
  actor_id: z.string(),
  action: z.string(),
  reason: z.string().optional(),
  changes: z.array(Change),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;
