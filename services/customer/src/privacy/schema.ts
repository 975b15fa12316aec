import { ErasureReceipt, services } from '@clientela/contracts';
import { Instant, pageSchema, queryBoolean, queryPage, queryPerPage, Uuid, nameSchemas } from '@clientela/validation';
import { z } from 'zod';

const personFields = ['customer_id', 'user_id', 'business_id'] as const;

/** Refers to a person: a customer, or a user of the company who may also be one. */
export const PersonRef = z
  .strictObject({
    customer_id: Uuid.optional(),
    user_id: Uuid.optional(),
    business_id: Uuid.optional().meta({ description: 'Your company; required with user_id' }),
  })
  .superRefine((ref, context) => {
    const addIssue = (path: (typeof personFields)[number], message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (ref.customer_id === undefined) {
      if (ref.user_id === undefined && ref.business_id === undefined)
        addIssue('customer_id', 'is required, or user_id and business_id');
      else if (ref.user_id === undefined) addIssue('user_id', 'is required with business_id');
      else if (ref.business_id === undefined) addIssue('business_id', 'is required with user_id');
      return;
    }
    for (const field of ['user_id', 'business_id'] as const)
      if (ref[field] !== undefined) addIssue(field, 'cannot be combined with customer_id');
  })
  .meta({ description: '{ customer_id }, or { user_id, business_id }' });
export type PersonRef = z.infer<typeof PersonRef>;

export const erasureStates = ['pending', 'running', 'done'] as const;

/** An erasure request with its progress. */
export const ErasureRequest = z.strictObject({
  id: Uuid,
  business_id: Uuid,
  status: z.enum(erasureStates).meta({ description: 'running: the customer service has deleted the customer' }),
  customer_id: Uuid.nullable(),
  user_id: Uuid.nullable(),
  part_of: Uuid.nullable().meta({
    description: 'The request for the same user, when this request erases another customer record of that user',
  }),
  requested_by: z.string(),
  requested_at: Instant,
  done_at: Instant.nullable(),
  services: z.strictObject(
    Object.fromEntries(services.map((service) => [service, z.enum(['pending', 'done'])])) as Record<
      (typeof services)[number],
      z.ZodEnum<{ pending: 'pending'; done: 'done' }>
    >,
  ),
  version: z.int(),
});
export type ErasureRequest = z.infer<typeof ErasureRequest>;

export const RequestId = z.strictObject({ request_id: Uuid });
export const WaitQuery = z.strictObject({
  wait: queryBoolean
    .default(false)
    .meta({ description: 'Send the response when the erasure is done, or after 20 seconds' }),
});
export const RequestQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export const RequestResponse = z.strictObject({ request: ErasureRequest });
export const RequestPage = pageSchema('requests', ErasureRequest);
export const ReceiptResponse = z.strictObject({
  receipt: ErasureReceipt,
  jws: z.string().meta({ description: 'The signed receipt (RFC 7515, compact); keys are in /.well-known/jwks.json' }),
});
/** Includes the receipt of a finished erasure: a user who erased itself cannot fetch it later. */
export const RequestAccepted = ReceiptResponse.partial().extend({ message: z.string(), request: ErasureRequest });

const row = z.record(z.string(), z.json());

/** The data of every service about a person. */
export const PersonalData = z.strictObject({
  customer: row.nullable(),
  tags: z.array(row),
  notes: z.array(row),
  history: z.array(row),
  interactions: z.array(row),
  transactions: z.array(row),
  favorites: z.array(row),
  user: row.nullable(),
  sessions: z.array(row),
  audit: z.array(row),
  other_customers: z.array(row).optional().meta({
    description: 'Other customer records of the same user, if any; their tags, notes and other rows are listed above',
  }),
});
export type PersonalData = z.infer<typeof PersonalData>;

nameSchemas({
  PersonRef,
  ErasureRequest,
  ErasureRequestResponse: RequestResponse,
  ErasureRequestPage: RequestPage,
  ErasureReceiptResponse: ReceiptResponse,
  SavedErasureRequestResponse: RequestAccepted,
  PersonalData,
});
