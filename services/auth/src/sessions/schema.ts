import { Instant, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

/** Validates only the length: a malformed token gets the same 401 as a forged one. */
export const RefreshRequest = z.strictObject({ refresh_token: z.string().min(1).max(500) });

export const Session = z.strictObject({
  id: Uuid,
  device: z.string().nullable().meta({ description: 'The User-Agent of the client' }),
  ip: z.string().nullable().meta({ description: 'The address that signed in' }),
  created_at: Instant,
  last_used_at: Instant.meta({ description: 'The time of the sign-in or of the last token refresh' }),
  current: z.boolean().meta({ description: 'Whether this is the session of the request' }),
});
export const SessionList = z.strictObject({ sessions: z.array(Session) });
export const SessionParams = z.strictObject({ session_id: Uuid });

/** Gateways poll with this query every second. */
export const RevocationsQuery = z.strictObject({ since: Instant.optional() });

nameSchemas({ RefreshRequest, Session, SessionList });
