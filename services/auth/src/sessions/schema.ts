import { Instant, Uuid } from '@clientela/validation';
import { z } from 'zod';

/** What is no token at all is refused like a forged one; only its length is judged before. */
export const RefreshRequest = z.strictObject({ refresh_token: z.string().min(1).max(500) });

export const Session = z.strictObject({
  id: Uuid,
  device: z.string().nullable().meta({ description: 'What the client said it is' }),
  ip: z.string().nullable().meta({ description: 'Where it signed in from' }),
  created_at: Instant,
  last_used_at: Instant.meta({ description: 'When it signed in, or renewed its tokens last' }),
  current: z.boolean().meta({ description: 'The session that asks' }),
});
export const SessionList = z.strictObject({ sessions: z.array(Session) });
export const SessionParams = z.strictObject({ session_id: Uuid });
export const Done = z.strictObject({ message: z.string() });

/** What a gateway asks every second. */
export const RevocationsQuery = z.strictObject({ since: Instant.optional() });
