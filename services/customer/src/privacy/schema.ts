import { ErasureReceipt, services } from '@clientela/contracts';
import { Instant, queryPage, pageSchema, queryPerPage, queryBoolean, Uuid } from '@clientela/validation';
import { z } from 'zod';

const named = ['customer_id', 'user_id', 'business_id'] as const;

/** Whose data it is about: a customer, or a user of the company, who may be one. */
export const PersonRef = z
  .strictObject({
    customer_id: Uuid.optional(),
    user_id: Uuid.optional(),
    business_id: Uuid.optional().meta({ description: 'The company, which must be your own; beside user_id' }),
  })
  .superRefine((given, context) => {
    const say = (path: (typeof named)[number], message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (given.customer_id === undefined) {
      if (given.user_id === undefined && given.business_id === undefined)
        say('customer_id', 'is required, or else user_id and business_id');
      else if (given.user_id === undefined) say('user_id', 'is required beside business_id');
      else if (given.business_id === undefined) say('business_id', 'is required beside user_id');
      return;
    }
    for (const field of ['user_id', 'business_id'] as const)
      if (given[field] !== undefined) say(field, 'is not given beside customer_id');
  })
  .meta({ description: '{ customer_id }, or { user_id, business_id }' });
export type PersonRef = z.infer<typeof PersonRef>;

export const erasureStates = ['pending', 'running', 'done'] as const;

/** An erasure as it stands. */
export const ErasureRequest = z.strictObject({
  id: Uuid,
  business_id: Uuid,
  status: z.enum(erasureStates).meta({ description: 'running: nothing is left in the customer service' }),
  customer_id: Uuid.nullable(),
  user_id: Uuid.nullable(),
  part_of: Uuid.nullable().meta({
    description: 'The request for the same user, of whom this is another customer record',
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
});
export type ErasureRequest = z.infer<typeof ErasureRequest>;

export const RequestId = z.strictObject({ request_id: Uuid });
export const WaitQuery = z.strictObject({
  wait: queryBoolean.default(false).meta({ description: 'Answer when it is done, or after 20 seconds' }),
});
export const RequestQuery = z.strictObject({ page: queryPage, per_page: queryPerPage() });
export const RequestResponse = z.strictObject({ request: ErasureRequest });
export const RequestPage = pageSchema('requests', ErasureRequest);
export const ReceiptResponse = z.strictObject({
  receipt: ErasureReceipt,
  jws: z.string().meta({ description: 'The receipt, signed: RFC 7515, compact; the key is in /.well-known/jwks.json' }),
});
/** With its receipt when it is done: who erased itself cannot ask for it any more. */
export const RequestAccepted = ReceiptResponse.partial().extend({ message: z.string(), request: ErasureRequest });

const row = z.record(z.string(), z.json());

/** Everything that is held about a person, from every service. */
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
    description: 'Other customer records of the same user, when there are any; their tags, notes and so on are above',
  }),
});
export type PersonalData = z.infer<typeof PersonalData>;
