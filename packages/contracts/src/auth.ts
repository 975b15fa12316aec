import { z } from 'zod';
import { defineEvent, fieldsChanged as fields_changed, followed } from './event-contract.ts';
import { roles } from './permissions.ts';

// Events and internal calls of the auth service.

export const userRegistered = defineEvent(
  'user.registered',
  'user_id',
  ['customer'],
  z.object({ user_id: z.uuid(), role: z.string() }),
);
export const userUpdated = defineEvent(
  'user.updated',
  'user_id',
  ['customer'],
  z.object({ user_id: z.uuid(), fields_changed, followed }),
);
export const userDeleted = defineEvent(
  'user.deleted',
  'user_id',
  [],
  z.object({ user_id: z.uuid(), hard: z.boolean() }),
);
/** Published once per cause that ends sessions of a user, with their number. */
export const sessionRevoked = defineEvent(
  'session.revoked',
  'user_id',
  [],
  z.object({ user_id: z.uuid(), sessions: z.int() }),
);
export const companyUpdated = defineEvent(
  'company.updated',
  'company_id',
  ['customer'],
  z.object({ company_id: z.uuid(), fields_changed }),
);
export const companyStatusChanged = defineEvent(
  'company.status.changed',
  'company_id',
  [],
  z.object({ company_id: z.uuid(), from: z.string(), to: z.string() }),
);

/** Response of GET /internal/companies/{id or COMP key}. */
export const InternalCompany = z.object({
  id: z.uuid(),
  company_id: z.string(),
  status: z.enum(['active', 'inactive', 'suspended']),
  country: z.string(),
  currency: z.string(),
});
export type InternalCompany = z.infer<typeof InternalCompany>;

/** Response of GET /internal/users/{id}, for the customer service only. Events name changed fields; this call has their values. */
export const InternalUser = z.object({
  id: z.uuid(),
  active: z.boolean(),
  role: z.enum(roles),
  business_id: z.uuid().nullable(),
  name: z.string(),
  first_name: z.string(),
  last_name: z.string().nullable(),
  email: z.string(),
  phone: z.string().nullable(),
  /** When the person, or staff, last changed the name; null for never, absent in responses of earlier versions. */
  name_changed_at: z.iso.datetime().nullable().optional(),
  phone_changed_at: z.iso.datetime().nullable().optional(),
});
export type InternalUser = z.infer<typeof InternalUser>;

/** Response of GET /internal/revocations: revoked tokens whose signatures still verify. */
export const Revocations = z.object({
  /** The `since` of the next call: now, less the longest duration of a transaction. */
  as_of: z.iso.datetime(),
  /** Ended sessions, each listed until its last token has expired. */
  sessions: z.array(z.object({ sid: z.uuid(), until: z.iso.datetime() })),
  companies: z.array(z.object({ id: z.uuid(), active: z.boolean() })),
  /** API keys that were changed, rotated or revoked; their earlier versions are no longer valid. */
  api_keys: z.array(z.object({ id: z.uuid(), version: z.int() })).optional(),
  /** Whether the response omits changed API keys, because there are more than it can hold. */
  api_keys_truncated: z.literal(true).optional(),
  /** The same of sessions. */
  truncated: z.literal(true).optional(),
});
export type Revocations = z.infer<typeof Revocations>;

/** Redis channel of messages without content: something was revoked, an API key changed, or a company's status. */
export const revocationsChannel = 'clientela:revocations';

/** Response of POST /internal/receipts with an `ErasureReceipt`, for the customer service only: the receipt as a JWS (RFC 7515, compact). */
export const SignedReceipt = z.object({ jws: z.string() });
export type SignedReceipt = z.infer<typeof SignedReceipt>;
