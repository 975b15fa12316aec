import { Instant, queryPerPage, queryFrom, queryTo, text, Uuid } from '@clientela/validation';
import { z } from 'zod';

export const AuditLog = z.strictObject({
  id: Uuid,
  at: Instant,
  actor_id: z.string().nullable().meta({ description: 'A user, or service:<name>; null when nobody was signed in' }),
  action: z.string().meta({ examples: ['user.role.changed'] }),
  resource_type: z.string().nullable(),
  resource_id: z.string().nullable(),
  company_id: z
    .string()
    .nullable()
    .meta({ description: 'The readable key of the company', examples: ['COMP-001'] }),
  business_id: Uuid.nullable().meta({ description: 'The UUID of the company' }),
  fields: z.array(z.string()).meta({ description: 'Names of the changed fields' }),
  result: z.enum(['done', 'refused']),
  ip: z.string().nullable().meta({ description: 'Of security events only' }),
  request_id: z.string(),
});
export type AuditLog = z.infer<typeof AuditLog>;

/** A type, an id, or both as `type:id`. */
const Resource = text(100).transform((given) => {
  const [first = '', ...rest] = given.split(':');
  if (rest.length > 0) return { type: first, id: rest.join(':') };
  const id = Uuid.safeParse(given);
  return id.success ? { id: id.data } : { type: given };
});
export type Resource = { type?: string; id?: string };

export const AuditFilter = z.strictObject({
  actor: text(100).optional().meta({ description: 'The id of a user, or service:<name>' }),
  action: text(100).optional(),
  resource: Resource.optional().meta({
    type: 'string',
    description: 'A type of record (customer), the id of one, or both (customer:<id>)',
  }),
  from: queryFrom.optional(),
  to: queryTo.optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

export const AuditQuery = AuditFilter.extend({
  cursor: z
    .string('must be given once')
    .max(1000)
    .default('')
    .meta({ description: 'next_cursor of the page before; empty or left out for the first' }),
  per_page: queryPerPage(),
});

export const AuditPage = z.strictObject({
  audit_logs: z.array(AuditLog),
  per_page: z.int(),
  next_cursor: z.string().nullable(),
});
